package hpod

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"hpod.dev/hpod-go/internal/hpov1"
)

// Direction says whether smaller or larger values of an objective are better.
type Direction string

const (
	Minimize Direction = "minimize"
	Maximize Direction = "maximize"
)

// Algorithm is a sampler (tpe, random, grid) or a pruner (median, percentile, none) by name, with options as text. The
// zero value is the daemon's default.
type Algorithm struct {
	Name    string
	Options map[string]string
}

// StudySettings are what a study is made with. Zero values are the daemon's defaults.
type StudySettings struct {
	// 1 to 512 bytes, unique in the daemon.
	Name string
	// If the study exists, load it, unchanged; its directions must be the given ones.
	LoadIfExists bool
	// One per objective value; none: one, minimize.
	Directions []Direction
	Sampler    Algorithm
	Pruner     Algorithm
	// Equal seeds, spaces and histories give equal trials; 0: one is drawn.
	Seed uint64
	// Declared in advance: a trial then has all its parameters at once. None: Trial.Suggest asks for each.
	Space []Parameter
	// Trials handed out in all, trials running at one time, and the time in which trials start; 0: no limit. Exact with
	// any number of workers.
	MaxTrials   int64
	MaxRunning  int64
	MaxDuration time.Duration
	// How long a worker may be silent before its trial is given up, 1 s to 7 days; 0: 60 s.
	Lease time.Duration
	// How often a trial lost that way is tried again; nil: once.
	MaxRetries *int32
	// Of the objective values, as many as directions, or none.
	MetricNames []string
	// What encoding/json can express.
	UserAttributes map[string]any
}

// Study is a study of the daemon. It may be used by several goroutines.
type Study struct {
	client *Client
	name   string
}

// CreateStudy makes a study. errors.Is: ErrStudyExists, ErrStudyMismatch, ErrInvalidField.
func (c *Client) CreateStudy(ctx context.Context, settings StudySettings) (*Study, error) {
	study, err := settings.message()
	if err != nil {
		return nil, err
	}
	request := &hpov1.CreateStudyRequest{Study: study, LoadIfExists: settings.LoadIfExists}
	reply, err := call(ctx, c, c.studies.CreateStudy, request)
	if err != nil {
		return nil, err
	}
	return &Study{client: c, name: reply.GetStudy().GetName()}, nil
}

// LoadStudy gives the study of that name. errors.Is: ErrStudyNotFound.
func (c *Client) LoadStudy(ctx context.Context, name string) (*Study, error) {
	reply, err := call(ctx, c, c.studies.GetStudy, &hpov1.GetStudyRequest{Study: name})
	if err != nil {
		return nil, err
	}
	return &Study{client: c, name: reply.GetStudy().GetName()}, nil
}

// DeleteStudy deletes a study with its trials. errors.Is: ErrStudyNotFound.
func (c *Client) DeleteStudy(ctx context.Context, name string) error {
	_, err := call(ctx, c, c.studies.DeleteStudy, &hpov1.DeleteStudyRequest{Study: name})
	return err
}

// Name is the study's name.
func (s *Study) Name() string { return s.name }

// Suggest starts a trial. Its lease is renewed in the background until it is finished, lost, or the client closed.
// errors.As: *NoTrialError, when the study gives none.
func (s *Study) Suggest(ctx context.Context) (*Trial, error) {
	request := &hpov1.SuggestTrialsRequest{Study: s.name, Count: 1, Worker: workerName()}
	reply, err := call(ctx, s.client, s.client.trials.SuggestTrials, request)
	if err != nil {
		return nil, err
	}
	if len(reply.GetTrials()) == 0 {
		reason := StopReason(strings.TrimPrefix(reply.GetStopReason().String(), "STOP_REASON_"))
		return nil, &NoTrialError{Study: s.name, Reason: reason, Final: reply.GetFinal()}
	}
	return newTrial(s, reply.GetTrials()[0]), nil
}

// EnqueueOptions are of Enqueue.
type EnqueueOptions struct {
	UserAttributes map[string]any
	// If a trial that has not failed has, or fixes, exactly these parameters, make none.
	SkipIfExists bool
}

// Enqueue has a coming trial use these values; parameters left out are sampled. It gives the number of the trial made,
// or found. errors.Is: ErrInvalidField.
func (s *Study) Enqueue(ctx context.Context, params Params, settings EnqueueOptions) (int64, error) {
	assignments, err := toAssignments(params)
	if err != nil {
		return 0, err
	}
	attributes, err := toJSON(settings.UserAttributes)
	if err != nil {
		return 0, err
	}
	request := &hpov1.EnqueueTrialRequest{
		Study: s.name, Params: assignments, UserAttributes: attributes, SkipIfExists: settings.SkipIfExists}
	reply, err := call(ctx, s.client, s.client.trials.EnqueueTrial, request)
	return reply.GetNumber(), err
}

// Stop has the daemon hand out no further trial of the study, until Resume.
func (s *Study) Stop(ctx context.Context) error {
	_, err := call(ctx, s.client, s.client.studies.StopStudy, &hpov1.StopStudyRequest{Study: s.name})
	return err
}

// Resume undoes Stop.
func (s *Study) Resume(ctx context.Context) error {
	return s.update(ctx, &hpov1.Study{Stopped: false}, "stopped")
}

// SetAttributes stores what encoding/json can express with the study. Other attributes stay.
func (s *Study) SetAttributes(ctx context.Context, attributes map[string]any) error {
	texts, err := toJSON(attributes)
	if err != nil {
		return err
	}
	return s.update(ctx, &hpov1.Study{UserAttributes: texts}, "user_attributes")
}

func (s *Study) update(ctx context.Context, update *hpov1.Study, field string) error {
	request := &hpov1.UpdateStudyRequest{Study: s.name, Update: update, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{field}}}
	_, err := call(ctx, s.client, s.client.studies.UpdateStudy, request)
	return err
}

func (s StudySettings) message() (*hpov1.Study, error) {
	space, err := toSpace(s.Space)
	if err != nil {
		return nil, err
	}
	attributes, err := toJSON(s.UserAttributes)
	if err != nil {
		return nil, err
	}
	study := &hpov1.Study{
		Name:           s.Name,
		Sampler:        &hpov1.Algorithm{Name: s.Sampler.Name, Options: s.Sampler.Options},
		Pruner:         &hpov1.Algorithm{Name: s.Pruner.Name, Options: s.Pruner.Options},
		Seed:           s.Seed,
		Space:          space,
		Budget:         &hpov1.Budget{MaxTrials: s.MaxTrials, MaxRunning: s.MaxRunning},
		MaxRetries:     s.MaxRetries,
		MetricNames:    s.MetricNames,
		UserAttributes: attributes,
	}
	if s.MaxDuration != 0 {
		study.Budget.MaxDuration = durationpb.New(s.MaxDuration)
	}
	if s.Lease != 0 {
		study.Lease = durationpb.New(s.Lease)
	}
	for _, direction := range s.Directions {
		value, known := hpov1.Direction_value["DIRECTION_"+strings.ToUpper(string(direction))]
		if !known || direction == "unspecified" {
			return nil, fmt.Errorf("direction is '%s', but must be minimize or maximize", direction)
		}
		study.Directions = append(study.Directions, hpov1.Direction(value))
	}
	return study, nil
}

func toJSON(attributes map[string]any) (map[string]string, error) {
	texts := make(map[string]string, len(attributes))
	for key, value := range attributes {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("attribute '%s': %w", key, err)
		}
		texts[key] = string(text)
	}
	return texts, nil
}

func workerName() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}
