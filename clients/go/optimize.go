package hpod

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// How long to wait when the study may have a trial later.
const noTrialPause = time.Second

// Objective computes the value of a trial. Its context ends when the trial's lease is lost. It may return ErrPruned; any
// other error fails the trial.
type Objective func(ctx context.Context, trial *Trial) (float64, error)

// Optimize runs trials of objective until the study has none left. Call it in several goroutines for several trials at
// once. A trial that was lost is dropped. An error of the objective fails its trial and is returned.
func (s *Study) Optimize(ctx context.Context, objective Objective) error {
	for {
		trial, err := s.Suggest(ctx)
		var none *NoTrialError
		switch {
		case errors.As(err, &none) && none.Final:
			return nil
		case errors.As(err, &none):
			if err := sleep(ctx, noTrialPause); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if err := runTrial(ctx, trial, objective); err != nil && !errors.Is(err, ErrLeaseLost) {
				return err
			}
		}
	}
}

func runTrial(ctx context.Context, trial *Trial, objective Objective) error {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(trial.Context(), func() { stop(context.Cause(trial.Context())) })()
	value, err := objective(working, trial)
	switch lost := trial.lease.lost(); {
	case lost != nil:
		return lost
	case errors.Is(err, ErrPruned):
		return trial.Prune(ctx)
	case err == nil && math.IsNaN(value):
		return trial.Fail(ctx, "the objective gave NaN")
	case err == nil:
		return trial.Complete(ctx, value)
	}
	// Told also when ctx has ended: otherwise the trial would run until its lease ends.
	telling, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	return errors.Join(fmt.Errorf("trial %d: %w", trial.Number, err), trial.Fail(telling, err.Error()))
}
