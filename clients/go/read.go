package hpod

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hpod.dev/hpod-go/internal/hpov1"
)

// TrialState is where a trial is in its life: WAITING, RUNNING, then COMPLETE, PRUNED or FAIL.
type TrialState string

const (
	Waiting  TrialState = "WAITING"
	Running  TrialState = "RUNNING"
	Complete TrialState = "COMPLETE"
	Pruned   TrialState = "PRUNED"
	Failed   TrialState = "FAIL"
)

const statePrefix = "TRIAL_STATE_"

// StoredTrial is a trial as the daemon has it.
type StoredTrial struct {
	Number int64
	State  TrialState
	Params Params
	// One per objective if COMPLETE; the last report if PRUNED.
	Values []float64
	// Step to reported value.
	IntermediateValues map[int64]float64
	// JSON texts.
	UserAttributes map[string]json.RawMessage
	// A value > 0 violates.
	Constraints map[string]float64
	Worker      string
	// Why it failed.
	Failure string
	// The first of the lost trials that this one repeats; nil if none.
	RetryOf *int64
	// The zero time if the trial has not started, or not ended.
	Start, End time.Time
}

// StudyInfo is a study as the daemon has it.
type StudyInfo struct {
	Name           string
	Directions     []Direction
	MetricNames    []string
	UserAttributes map[string]json.RawMessage
	Seed           uint64
	// Number of trials by state.
	Counts map[TrialState]int64
	// Why Suggest would be refused now; empty if it would not.
	StopReason StopReason
}

// Info reads the study.
func (s *Study) Info(ctx context.Context) (*StudyInfo, error) {
	reply, err := call(ctx, s.client, s.client.studies.GetStudy, &hpov1.GetStudyRequest{Study: s.name})
	if err != nil {
		return nil, err
	}
	study, counts := reply.GetStudy(), reply.GetStudy().GetCounts()
	info := &StudyInfo{
		Name:           study.GetName(),
		MetricNames:    study.GetMetricNames(),
		UserAttributes: fromJSON(study.GetUserAttributes()),
		Seed:           study.GetSeed(),
		Counts: map[TrialState]int64{
			Waiting: counts.GetWaiting(), Running: counts.GetRunning(), Complete: counts.GetComplete(),
			Pruned: counts.GetPruned(), Failed: counts.GetFailed()},
	}
	for _, direction := range study.GetDirections() {
		info.Directions = append(info.Directions, Direction(strings.ToLower(strings.TrimPrefix(direction.String(), "DIRECTION_"))))
	}
	if reason := study.GetStopReason(); reason != hpov1.StopReason_STOP_REASON_UNSPECIFIED {
		info.StopReason = StopReason(strings.TrimPrefix(reason.String(), "STOP_REASON_"))
	}
	return info, nil
}

// Trial reads one trial. errors.Is: ErrTrialNotFound.
func (s *Study) Trial(ctx context.Context, number int64) (*StoredTrial, error) {
	reply, err := call(ctx, s.client, s.client.trials.GetTrial, &hpov1.GetTrialRequest{Study: s.name, Number: number})
	if err != nil {
		return nil, err
	}
	return toStored(reply.GetTrial()), nil
}

// Trials reads the trials in one of states (none given: all) by number.
func (s *Study) Trials(ctx context.Context, states ...TrialState) ([]*StoredTrial, error) {
	request := &hpov1.ListTrialsRequest{Study: s.name, PageSize: 1000}
	for _, state := range states {
		request.States = append(request.States, hpov1.TrialState(hpov1.TrialState_value[statePrefix+string(state)]))
	}
	var trials []*StoredTrial
	for {
		reply, err := call(ctx, s.client, s.client.trials.ListTrials, request)
		if err != nil {
			return nil, err
		}
		for _, trial := range reply.GetTrials() {
			trials = append(trials, toStored(trial))
		}
		if request.PageToken = reply.GetNextPageToken(); request.PageToken == "" {
			return trials, nil
		}
	}
}

// Best reads the best feasible complete trial of one objective, the first one of several equal ones, or of several
// objectives the first of the Pareto front; nil if there is none.
func (s *Study) Best(ctx context.Context) (*StoredTrial, error) {
	reply, err := call(ctx, s.client, s.client.studies.ListBestTrials, &hpov1.ListBestTrialsRequest{Study: s.name, PageSize: 1})
	if err != nil || len(reply.GetTrials()) == 0 {
		return nil, err
	}
	return toStored(reply.GetTrials()[0]), nil
}

func toStored(trial *hpov1.Trial) *StoredTrial {
	stored := &StoredTrial{
		Number:             trial.GetNumber(),
		State:              TrialState(strings.TrimPrefix(trial.GetState().String(), statePrefix)),
		Params:             fromAssignments(trial.GetParams()),
		Values:             trial.GetValues(),
		IntermediateValues: make(map[int64]float64, len(trial.GetIntermediateValues())),
		UserAttributes:     fromJSON(trial.GetUserAttributes()),
		Constraints:        trial.GetConstraints(),
		Worker:             trial.GetWorker(),
		Failure:            trial.GetFailure(),
		RetryOf:            trial.RetryOf,
	}
	for _, reported := range trial.GetIntermediateValues() {
		stored.IntermediateValues[reported.GetStep()] = reported.GetValue()
	}
	if trial.GetStartTime() != nil {
		stored.Start = trial.GetStartTime().AsTime()
	}
	if trial.GetCompleteTime() != nil {
		stored.End = trial.GetCompleteTime().AsTime()
	}
	return stored
}

func fromJSON(texts map[string]string) map[string]json.RawMessage {
	attributes := make(map[string]json.RawMessage, len(texts))
	for key, text := range texts {
		attributes[key] = json.RawMessage(text)
	}
	return attributes
}
