package hpod

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ErrPruned is returned by an objective to end its trial as pruned.
var ErrPruned = errors.New("the trial is pruned")

// Errors of the daemon by reason, for errors.Is. hpo.v1.ErrorReason describes them.
var (
	ErrStudyNotFound     = &Error{Reason: "STUDY_NOT_FOUND"}
	ErrTrialNotFound     = &Error{Reason: "TRIAL_NOT_FOUND"}
	ErrStudyExists       = &Error{Reason: "STUDY_EXISTS"}
	ErrStudyMismatch     = &Error{Reason: "STUDY_MISMATCH"}
	ErrInvalidField      = &Error{Reason: "INVALID_FIELD"}
	ErrParameterChanged  = &Error{Reason: "PARAMETER_CHANGED"}
	ErrLeaseLost         = &Error{Reason: "LEASE_LOST"}
	ErrTrialFinished     = &Error{Reason: "TRIAL_FINISHED"}
	ErrTrialWaiting      = &Error{Reason: "TRIAL_WAITING"}
	ErrSeveralObjectives = &Error{Reason: "SEVERAL_OBJECTIVES"}
	ErrLimitExceeded     = &Error{Reason: "LIMIT_EXCEEDED"}
	ErrStorageFull       = &Error{Reason: "STORAGE_FULL"}
)

// Error is an answer of the daemon that is an error, or no answer.
type Error struct {
	Code codes.Code
	// Reason is the name of hpo.v1.ErrorReason without its prefix; empty if there was no answer.
	Reason string
	// Metadata is what the reason's description in error.proto names.
	Metadata map[string]string
	// Message is the daemon's own, for people.
	Message string
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Reason
	}
	return e.Message
}

// Is reports whether target is an Error of the same reason.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Reason != "" && other.Reason == e.Reason
}

// transient reports whether the same call may succeed later.
func (e *Error) transient() bool {
	switch {
	case e.Code == codes.Unavailable, e.Code == codes.DeadlineExceeded, e.Reason == "STORAGE_FULL":
		return true
	case e.Reason == "LIMIT_EXCEEDED":
		return e.Metadata["limit"] == "calls_in_flight"
	}
	return false
}

// StopReason says why a study gives no trial: MAX_TRIALS, MAX_RUNNING, MAX_DURATION, GRID_EXHAUSTED or STOPPED; empty
// if it would give one.
type StopReason string

// NoTrialError is what Suggest returns when the study gives no trial.
type NoTrialError struct {
	Study  string
	Reason StopReason
	// Final: no later call gets a trial unless somebody changes the study.
	Final bool
}

func (e *NoTrialError) Error() string {
	return fmt.Sprintf("study '%s' hands out no trial now: %s", e.Study, e.Reason)
}

// fromStatus makes an Error of what a call to server returned that had so much time.
func fromStatus(err error, server string, timeout time.Duration) *Error {
	answer := status.Convert(err)
	result := &Error{Code: answer.Code(), Message: answer.Message()}
	for _, detail := range answer.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			result.Reason, result.Metadata = info.GetReason(), info.GetMetadata()
			return result
		}
	}
	switch answer.Code() {
	case codes.Unavailable:
		result.Message = fmt.Sprintf("cannot reach %s: %s (is hpod running? start it with: hpod)", server, innermostCause(answer.Message()))
	case codes.DeadlineExceeded:
		result.Message = fmt.Sprintf("no answer from %s in %g s", server, timeout.Seconds())
	}
	return result
}

// What comes before the cause, but not what the cause itself quotes.
var outerLayers = regexp.MustCompile(`^[^"(]*: `)

// innermostCause cuts what gRPC says of a failed connection to its end: connection refused.
func innermostCause(message string) string {
	_, rest, _ := strings.Cut(message, "desc = ")
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return message
	}
	layers, err := strconv.Unquote(quoted)
	if err != nil {
		return message
	}
	return outerLayers.ReplaceAllString(layers, "")
}
