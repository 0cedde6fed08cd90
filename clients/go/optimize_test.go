package hpod

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// newStudy makes a study on the daemon that HPOD_SERVER names.
func newStudy(t *testing.T, settings StudySettings) *Study {
	t.Helper()
	if os.Getenv("HPOD_SERVER") == "" {
		t.Fatal("HPOD_SERVER must name a running daemon")
	}
	client, err := Dial("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	settings.Name = rand.Text()
	settings.Space = []Parameter{Float("x", 0, 1)}
	study, err := client.CreateStudy(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	return study
}

func statesOf(t *testing.T, study *Study) []TrialState {
	t.Helper()
	trials, err := study.Trials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var states []TrialState
	for _, trial := range trials {
		states = append(states, trial.State)
	}
	return states
}

func expectStates(t *testing.T, study *Study, expected ...TrialState) {
	t.Helper()
	got := statesOf(t, study)
	if len(got) != len(expected) {
		t.Fatalf("states are %v, expected %v", got, expected)
	}
	for i := range got {
		if got[i] != expected[i] {
			t.Fatalf("states are %v, expected %v", got, expected)
		}
	}
}

func TestOptimizeEndsTrialsAsTheObjectiveSays(t *testing.T) {
	study := newStudy(t, StudySettings{MaxTrials: 4})
	err := study.Optimize(t.Context(), func(_ context.Context, trial *Trial) (float64, error) {
		switch trial.Number {
		case 0:
			return 0, ErrPruned
		case 1:
			return math.NaN(), nil
		case 2:
			return math.Inf(1), nil
		}
		return trial.Params().Float("x"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	expectStates(t, study, Pruned, Failed, Complete, Complete)
}

func TestOptimizeReturnsTheErrorOfTheObjectiveAndFailsItsTrial(t *testing.T) {
	study := newStudy(t, StudySettings{})
	broken := errors.New("out of memory")
	err := study.Optimize(t.Context(), func(context.Context, *Trial) (float64, error) { return 0, broken })
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	trial, err := study.Trial(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if trial.State != Failed || trial.Failure != "out of memory" {
		t.Fatalf("the trial is %s: %s", trial.State, trial.Failure)
	}
}

func TestOptimizeTellsTheTrialWhenItsContextEnds(t *testing.T) {
	study := newStudy(t, StudySettings{})
	ctx, cancel := context.WithCancel(t.Context())
	err := study.Optimize(ctx, func(ctx context.Context, _ *Trial) (float64, error) {
		cancel()
		<-ctx.Done()
		return 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	expectStates(t, study, Failed)
}

func TestOptimizeWaitsWhileAnotherTrialMayFreeAPlace(t *testing.T) {
	study := newStudy(t, StudySettings{MaxTrials: 2, MaxRunning: 1})
	other, err := study.Suggest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { _ = other.Complete(context.Background(), 1) })
	if err := study.Optimize(t.Context(), func(context.Context, *Trial) (float64, error) { return 2, nil }); err != nil {
		t.Fatal(err)
	}
	expectStates(t, study, Complete, Complete)
}

func TestOptimizeDropsALostTrialAndGoesOn(t *testing.T) {
	study := newStudy(t, StudySettings{MaxTrials: 1, Lease: time.Second})
	err := study.Optimize(t.Context(), func(ctx context.Context, trial *Trial) (float64, error) {
		if trial.RetryOf == nil {
			trial.lease.dueIn(time.Hour) // as if the process had been stopped
			awaitState(t, study, trial.Number, Failed)
			_, err := trial.Report(ctx, 0, 1)
			if !errors.Is(err, ErrLeaseLost) {
				t.Errorf("got %v", err)
			}
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), ErrLeaseLost) {
				t.Errorf("the context ended with %v", context.Cause(ctx))
			}
		}
		return 3, nil // of a lost trial, it is stored nowhere
	})
	if err != nil {
		t.Fatal(err)
	}
	expectStates(t, study, Failed, Complete)
}

func awaitState(t *testing.T, study *Study, number int64, state TrialState) {
	for end := time.Now().Add(20 * time.Second); statesOf(t, study)[number] != state; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("trial %d is not %s", number, state)
			return
		}
	}
}

func TestParametersThatCannotBeAreRefusedBeforeACall(t *testing.T) {
	for name, parameter := range map[string]Parameter{
		"log of choices":  Categorical("c", "a").Log(),
		"step of choices": Categorical("c", "a").Step(1),
		"fraction":        Int("i", 0, 4).Step(0.5),
		"kind of choice":  Categorical("c", []int{1}),
	} {
		if _, err := toSpace([]Parameter{parameter}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAnAbsentDaemonIsUnavailableAndNamed(t *testing.T) {
	client, err := Dial("127.0.0.1:9", WithRetryFor(0))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = client.LoadStudy(t.Context(), "s")
	var refused *Error
	if !errors.As(err, &refused) || !refused.transient() {
		t.Fatalf("got %v", err)
	}
	expected := "cannot reach 127.0.0.1:9: connection refused (is hpod running? start it with: hpod)"
	if err.Error() != expected {
		t.Errorf("got %q, expected %q", err, expected)
	}
}

func TestAServerIsAHostAndAPort(t *testing.T) {
	for _, server := range []string{"localhost", "localhost:", "localhost:http", "http://localhost:13000", "::1", "[::1]", "localhost:65536"} {
		_, err := Dial(server)
		if expected := "the server is '" + server + "', but must be host:port"; err == nil || err.Error() != expected {
			t.Errorf("got %v, expected %s", err, expected)
		}
	}
	for _, server := range []string{"localhost:1", "[::1]:65535"} {
		client, err := Dial(server)
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
	}
}

func TestASilentDaemonIsUnavailableAndNamedWithTheTimeItHad(t *testing.T) {
	refused := fromStatus(status.Error(codes.DeadlineExceeded, "late"), "here:1", 1500*time.Millisecond)
	if !refused.transient() || refused.Error() != "no answer from here:1 in 1.5 s" {
		t.Errorf("got %v", refused)
	}
}

func TestTheCauseOfABrokenConnectionIsItsInnermost(t *testing.T) {
	for message, cause := range map[string]string{
		`connection error: desc = "transport: authentication handshake failed: x509: unknown authority (because of \"x509: it\")"`: `unknown authority (because of "x509: it")`,
		`closing transport due to: connection error: desc = "error reading: EOF", received goaway`:                                 "EOF",
		`connection error: desc = "EOF"`:               "EOF",
		"name resolver error: produced zero addresses": "name resolver error: produced zero addresses",
	} {
		if got := innermostCause(message); got != cause {
			t.Errorf("of %s: %q, expected %q", message, got, cause)
		}
	}
}
