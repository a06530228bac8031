package driver

import "context"

// Steps are what the workers and the sweep of an outbox do, for tests that do it by
// hand: in an order, and at times, of their own.
type Steps struct {
	// WorkLane does the job of a lane. It reports whether the job is to come again
	// later.
	WorkLane func(ctx context.Context, lane int64) (snoozed bool, err error)
	// WorkDelivery does the job of a delivery in the inbox.
	WorkDelivery func(ctx context.Context, delivery int64) error
	// Sweep does what is done every second, Forget what is done every minute.
	Sweep, Forget func(ctx context.Context) error
}

// Stepper is a [Driver] that wants the steps of the outbox which is made over it.
type Stepper interface{ SetSteps(steps Steps) }
