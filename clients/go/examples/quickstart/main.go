// Tunes a function of two parameters, with pruning. Start it several times at once: all work on the same study.
package main

import (
	"context"
	"fmt"
	"log"

	hpod "hpod.dev/hpod-go"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	client, err := hpod.Dial("")
	if err != nil {
		return err
	}
	defer client.Close()
	study, err := client.CreateStudy(ctx, hpod.StudySettings{
		Name:         "go-quickstart",
		LoadIfExists: true,
		Space:        []hpod.Parameter{hpod.Float("x", -10, 10), hpod.Int("n", 1, 8)},
		MaxTrials:    40,
	})
	if err != nil {
		return err
	}
	if err := study.Optimize(ctx, objective); err != nil {
		return err
	}
	best, err := study.Best(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("trial %d: %v gives %g\n", best.Number, best.Params, best.Values[0])
	return nil
}

func objective(ctx context.Context, trial *hpod.Trial) (float64, error) {
	x, n := trial.Params().Float("x"), float64(trial.Params().Int("n"))
	for step := range int64(10) {
		prune, err := trial.Report(ctx, step, (x-2)*(x-2)+n/float64(step+1))
		if err != nil {
			return 0, err
		}
		if prune {
			return 0, hpod.ErrPruned
		}
	}
	return (x-2)*(x-2) + n, nil
}
