package hpod

import (
	"context"
	"errors"
	"maps"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"hpod.dev/hpod-go/internal/hpov1"
)

const maxFailureBytes = 4096

// Trial is a running trial that this process holds the lease of. One goroutine at a time may use it. Each of its calls
// may fail with ErrLeaseLost: the trial was given up and may be running elsewhere, so drop the work.
type Trial struct {
	// 0, 1, 2, ... in the study.
	Number int64
	// The first of the lost trials that this one repeats; nil if none.
	RetryOf *int64

	study  *Study
	token  int64
	lease  *lease
	params Params
}

func newTrial(study *Study, message *hpov1.Trial) *Trial {
	trial := &Trial{
		Number:  message.GetNumber(),
		RetryOf: message.RetryOf,
		study:   study,
		token:   message.GetLease().GetToken(),
		lease:   newLease(study.client, message.GetLease().GetDuration().AsDuration()),
		params:  fromAssignments(message.GetParams()),
	}
	go trial.keep()
	return trial
}

// Context ends when the lease is lost (its cause is then ErrLeaseLost), the trial is finished, or the client is closed.
func (t *Trial) Context() context.Context { return t.lease.held }

// Params are the parameters known so far: with a declared space, all.
func (t *Trial) Params() Params { return maps.Clone(t.params) }

// Suggest asks for the value of one more parameter, in a study without a declared space. Asked again for the same name,
// the first value. errors.Is: ErrParameterChanged, ErrInvalidField.
func (t *Trial) Suggest(ctx context.Context, parameter Parameter) (any, error) {
	if parameter.err != nil {
		return nil, parameter.err
	}
	request := &hpov1.SuggestParameterRequest{
		Study: t.study.name, Number: t.Number, LeaseToken: t.token, Parameter: parameter.message}
	reply, err := callForTrial(ctx, t, t.study.client.trials.SuggestParameter, request)
	if err != nil {
		return nil, err
	}
	value := fromValue(reply.GetValue())
	t.params[parameter.message.GetName()] = value
	return value, nil
}

// Report stores an intermediate value (NaN and infinities are allowed) and says whether to stop: then call Prune, or
// return ErrPruned in Optimize. The first value of a step stays. errors.Is: ErrSeveralObjectives.
func (t *Trial) Report(ctx context.Context, step int64, value float64) (shouldPrune bool, err error) {
	request := &hpov1.ReportValueRequest{
		Study: t.study.name, Number: t.Number, LeaseToken: t.token, Step: step, Value: value}
	reply, err := callForTrial(ctx, t, t.study.client.trials.ReportValue, request)
	return reply.GetShouldPrune(), err
}

// SetAttributes stores what encoding/json can express with the trial. Other attributes stay.
func (t *Trial) SetAttributes(ctx context.Context, attributes map[string]any) error {
	texts, err := toJSON(attributes)
	if err != nil {
		return err
	}
	return t.set(ctx, &hpov1.SetTrialAttributesRequest{UserAttributes: texts})
}

// SetConstraints stores constraint values; one > 0 makes the trial infeasible. Not NaN.
func (t *Trial) SetConstraints(ctx context.Context, constraints map[string]float64) error {
	return t.set(ctx, &hpov1.SetTrialAttributesRequest{Constraints: constraints})
}

func (t *Trial) set(ctx context.Context, request *hpov1.SetTrialAttributesRequest) error {
	request.Study, request.Number, request.LeaseToken = t.study.name, t.Number, t.token
	_, err := callForTrial(ctx, t, t.study.client.trials.SetTrialAttributes, request)
	return err
}

// Complete ends the trial with its objective values, one per direction. Not NaN: call Fail instead.
func (t *Trial) Complete(ctx context.Context, values ...float64) error {
	return t.finish(ctx, &hpov1.CompleteTrialRequest{State: hpov1.TrialState_TRIAL_STATE_COMPLETE, Values: values})
}

// Prune ends the trial early; samplers learn from its last report.
func (t *Trial) Prune(ctx context.Context) error {
	return t.finish(ctx, &hpov1.CompleteTrialRequest{State: hpov1.TrialState_TRIAL_STATE_PRUNED})
}

// Fail ends the trial without a result. why is cut to 4 KiB.
func (t *Trial) Fail(ctx context.Context, why string) error {
	if len(why) > maxFailureBytes {
		why = strings.ToValidUTF8(why[:maxFailureBytes], "")
	}
	return t.finish(ctx, &hpov1.CompleteTrialRequest{State: hpov1.TrialState_TRIAL_STATE_FAIL, Failure: why})
}

func (t *Trial) finish(ctx context.Context, request *hpov1.CompleteTrialRequest) error {
	request.Study, request.Number, request.LeaseToken = t.study.name, t.Number, t.token
	_, err := callForTrial(ctx, t, t.study.client.trials.CompleteTrial, request)
	if err == nil {
		t.lease.end(errFinished)
	}
	return err
}

// callForTrial is as call, for a call that renews the trial's lease.
func callForTrial[Request proto.Message, Reply any](
	ctx context.Context, t *Trial, send func(context.Context, Request, ...grpc.CallOption) (Reply, error), request Request,
) (Reply, error) {
	var none Reply
	if err := t.lease.lost(); err != nil {
		return none, err
	}
	reply, err := call(ctx, t.study.client, send, request)
	switch {
	case err == nil:
		t.lease.renewed()
	case errors.Is(err, ErrLeaseLost), errors.Is(err, ErrTrialFinished):
		t.lease.end(err)
	}
	return reply, err
}
