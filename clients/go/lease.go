package hpod

import (
	"context"
	"errors"
	"sync"
	"time"

	"hpod.dev/hpod-go/internal/hpov1"
)

const (
	heartbeatTimeout = 10 * time.Second
	// After a heartbeat that did not get through.
	heartbeatRetry = time.Second
)

// lease is the right to work on one trial. It is renewed by a goroutine of its own.
type lease struct {
	// Ends with the trial: cancelled with ErrLeaseLost as its cause if the trial was given up.
	held context.Context
	end  context.CancelCauseFunc

	mutex    sync.Mutex
	duration time.Duration
	due      time.Time
}

var errFinished = errors.New("the trial is finished")

func newLease(client *Client, duration time.Duration) *lease {
	l := &lease{duration: duration}
	l.held, l.end = context.WithCancelCause(client.open)
	l.renewed()
	return l
}

// renewed notes that a call has just renewed the lease.
func (l *lease) renewed() { l.dueIn(l.length() / 3) }

func (l *lease) dueIn(pause time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.due = time.Now().Add(pause)
}

func (l *lease) length() time.Duration {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.duration
}

func (l *lease) pause() time.Duration {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return time.Until(l.due)
}

// lost is the daemon's error if the lease is known to be lost.
func (l *lease) lost() error {
	if cause := context.Cause(l.held); errors.Is(cause, ErrLeaseLost) {
		return cause
	}
	return nil
}

// keep renews the lease after each third of its length without a call, until the trial has ended.
func (t *Trial) keep() {
	for {
		for pause := t.lease.pause(); pause > 0; pause = t.lease.pause() {
			if sleep(t.lease.held, pause) != nil {
				return
			}
		}
		if t.lease.held.Err() != nil || !t.beat() {
			return
		}
	}
}

// beat sends a heartbeat; false: there is nothing left to renew.
func (t *Trial) beat() bool {
	request := &hpov1.HeartbeatTrialRequest{Study: t.study.name, Number: t.Number, LeaseToken: t.token}
	timeout := min(heartbeatTimeout, t.lease.length()/3)
	reply, err := attempt(t.lease.held, t.study.client, timeout, t.study.client.trials.HeartbeatTrial, request)
	if err == nil {
		t.lease.mutex.Lock()
		t.lease.duration = reply.GetLease().GetDuration().AsDuration()
		t.lease.mutex.Unlock()
		t.lease.renewed()
		return true
	}
	var refused *Error
	if errors.As(err, &refused) && refused.transient() {
		t.lease.dueIn(min(heartbeatRetry, t.lease.length()/6))
		return true
	}
	if errors.Is(err, ErrLeaseLost) {
		t.lease.end(err)
	}
	// Finished or deleted elsewhere: the trial's next call says which.
	return false
}
