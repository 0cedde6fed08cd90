// Package hpod is the client of hpod, the hyperparameter-optimization daemon.
//
// A worker creates or loads a study and asks it for trials:
//
//	client, err := hpod.Dial("")
//	study, err := client.CreateStudy(ctx, hpod.StudySettings{Name: "demo", LoadIfExists: true,
//		Space: []hpod.Parameter{hpod.Float("x", -10, 10)}, MaxTrials: 50})
//	err = study.Optimize(ctx, func(ctx context.Context, trial *hpod.Trial) (float64, error) {
//		x := trial.Params().Float("x")
//		return (x - 2) * (x - 2), nil
//	})
//
// While the daemon is away (a restart, the network), calls are repeated with growing pauses for up to two minutes
// (WithRetryFor, HPOD_RETRY_SECONDS); a repeated call has the same request id and takes effect once. The lease of a
// running trial is renewed in the background; when it is lost, the trial's context is cancelled.
//
// Everything the daemon refuses is an *Error with the gRPC code and a stable reason.
package hpod
