// Runner of the conformance scenarios; tests/conformance/README.md says what it does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	hpod "hpod.dev/hpod-go"
)

type result = map[string]any

// step has the fields of all steps.
type step struct {
	Do             string            `json:"do"`
	Study          string            `json:"study"`
	Trial          string            `json:"trial"`
	Directions     []hpod.Direction  `json:"directions"`
	Sampler        hpod.Algorithm    `json:"sampler"`
	Pruner         hpod.Algorithm    `json:"pruner"`
	Seed           uint64            `json:"seed"`
	Space          []parameter       `json:"space"`
	MaxTrials      int64             `json:"max_trials"`
	MaxRunning     int64             `json:"max_running"`
	LeaseMs        int64             `json:"lease_ms"`
	MaxRetries     *int32            `json:"max_retries"`
	MetricNames    []string          `json:"metric_names"`
	UserAttributes map[string]any    `json:"user_attributes"`
	LoadIfExists   bool              `json:"load_if_exists"`
	SkipIfExists   bool              `json:"skip_if_exists"`
	Params         map[string]value  `json:"params"`
	Parameter      parameter         `json:"parameter"`
	Step           int64             `json:"step"`
	Value          double            `json:"value"`
	Values         []double          `json:"values"`
	Failure        string            `json:"failure"`
	Constraints    map[string]double `json:"constraints"`
	Number         int64             `json:"number"`
	States         []hpod.TrialState `json:"states"`
}

type runner struct {
	client  *hpod.Client
	studies map[string]*hpod.Study
	trials  map[string]*hpod.Trial
}

func main() {
	client, err := hpod.Dial("")
	if err != nil {
		log.Fatal(err)
	}
	r := &runner{client, map[string]*hpod.Study{}, map[string]*hpod.Trial{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var s step
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			log.Fatal(err)
		}
		line, err := json.Marshal(answer(r.run(context.Background(), s)))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
}

func answer(ok result, err error) result {
	var refused *hpod.Error
	switch {
	case err == nil && ok == nil:
		return result{"ok": result{}}
	case err == nil:
		return result{"ok": ok}
	case errors.As(err, &refused):
		return result{"error": result{"code": codeName(refused.Code), "reason": refused.Reason, "metadata": refused.Metadata}}
	}
	log.Fatal(err)
	return nil
}

// codeName is gRPC's own name; Go's is in camel case.
func codeName(code codes.Code) string {
	var name strings.Builder
	for i, letter := range code.String() {
		if i > 0 && letter >= 'A' && letter <= 'Z' {
			name.WriteByte('_')
		}
		name.WriteRune(letter)
	}
	return strings.ToUpper(name.String())
}

func (r *runner) run(ctx context.Context, s step) (result, error) {
	study, trial := r.studies[s.Study], r.trials[s.Trial]
	switch s.Do {
	case "create_study":
		return nil, r.create(ctx, s)
	case "load_study":
		loaded, err := r.client.LoadStudy(ctx, s.Study)
		r.studies[s.Study] = loaded
		return nil, err
	case "delete_study":
		return nil, r.client.DeleteStudy(ctx, s.Study)
	case "get_study":
		return getStudy(ctx, study)
	case "set_study_attributes":
		return nil, study.SetAttributes(ctx, s.UserAttributes)
	case "stop_study":
		return nil, study.Stop(ctx)
	case "resume_study":
		return nil, study.Resume(ctx)
	case "enqueue":
		number, err := study.Enqueue(ctx, toParams(s.Params), hpod.EnqueueOptions{UserAttributes: s.UserAttributes, SkipIfExists: s.SkipIfExists})
		return result{"number": number}, err
	case "suggest":
		return r.suggest(ctx, study, s.Trial)
	case "suggest_parameter":
		got, err := trial.Suggest(ctx, s.Parameter.Parameter)
		return result{"value": value{got}}, err
	case "report":
		prune, err := trial.Report(ctx, s.Step, float64(s.Value))
		return result{"should_prune": prune}, err
	case "complete":
		return nil, trial.Complete(ctx, toFloats(s.Values)...)
	case "prune":
		return nil, trial.Prune(ctx)
	case "fail":
		return nil, trial.Fail(ctx, s.Failure)
	case "set_attributes":
		return nil, setAttributes(ctx, trial, s)
	case "await_lease_loss":
		return nil, awaitLeaseLoss(trial)
	case "get_trial":
		stored, err := study.Trial(ctx, s.Number)
		return fromTrial(stored), err
	case "list_trials":
		return listTrials(ctx, study, s.States)
	case "best_trial":
		best, err := study.Best(ctx)
		if best == nil {
			return result{"number": nil}, err
		}
		return result{"number": best.Number}, err
	}
	return nil, fmt.Errorf("unknown step: %s", s.Do)
}

func (r *runner) create(ctx context.Context, s step) error {
	settings := hpod.StudySettings{
		Name: s.Study, LoadIfExists: s.LoadIfExists, Directions: s.Directions, Sampler: s.Sampler, Pruner: s.Pruner, Seed: s.Seed,
		MaxTrials: s.MaxTrials, MaxRunning: s.MaxRunning, Lease: time.Duration(s.LeaseMs) * time.Millisecond,
		MaxRetries: s.MaxRetries, MetricNames: s.MetricNames, UserAttributes: s.UserAttributes}
	for _, p := range s.Space {
		settings.Space = append(settings.Space, p.Parameter)
	}
	study, err := r.client.CreateStudy(ctx, settings)
	r.studies[s.Study] = study
	return err
}

func (r *runner) suggest(ctx context.Context, study *hpod.Study, name string) (result, error) {
	trial, err := study.Suggest(ctx)
	var none *hpod.NoTrialError
	if errors.As(err, &none) {
		return result{"number": nil, "stop_reason": none.Reason, "final": none.Final}, nil
	}
	if err != nil {
		return nil, err
	}
	r.trials[name] = trial
	return result{"number": trial.Number, "params": fromParams(trial.Params()), "retry_of": trial.RetryOf}, nil
}

func setAttributes(ctx context.Context, trial *hpod.Trial, s step) error {
	if s.UserAttributes != nil {
		if err := trial.SetAttributes(ctx, s.UserAttributes); err != nil {
			return err
		}
	}
	if s.Constraints == nil {
		return nil
	}
	constraints := map[string]float64{}
	for name, number := range s.Constraints {
		constraints[name] = float64(number)
	}
	return trial.SetConstraints(ctx, constraints)
}

func awaitLeaseLoss(trial *hpod.Trial) error {
	select {
	case <-trial.Context().Done():
	case <-time.After(20 * time.Second):
		return errors.New("the lease is not lost")
	}
	if cause := context.Cause(trial.Context()); !errors.Is(cause, hpod.ErrLeaseLost) {
		return fmt.Errorf("the context ended for another reason: %v", cause)
	}
	return nil
}
