package outbox

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Config configures an outbox. The zero value is the default. All processes with
// the same tables should have the same configuration.
type Config struct {
	// Schema is where the tables are, those of River included; empty means the
	// default of the connection. SQLite has none.
	Schema string
	// Migrate makes or updates the tables when the outbox is opened. Otherwise
	// call [Outbox.Migrate], or run the migrate program of the module.
	Migrate bool
	// Classes sets how many messages of each class a process sends at the same
	// time. Those left out have the default: 16 for [ClassTransactional], 8 for
	// [ClassCode], 4 for [ClassMarketing]. A class that is not configured in any
	// process is not sent.
	Classes map[Class]ClassConfig
	// Lease is for how long a worker claims a recipient; the default is 60
	// seconds. When a process dies, others wait for its end. It must exceed
	// AttemptTimeout by 10 seconds.
	Lease time.Duration
	// AttemptTimeout is how long one attempt to send may take; the default is 35
	// seconds, that of [kirim.RetryPolicy]. The context of the [Sender] ends then.
	AttemptTimeout time.Duration
	// GiveUpAfter is how long a message is tried that fails again and again
	// without being out; the default is 24 hours after it was due. Negative means
	// for ever.
	GiveUpAfter time.Duration
	// StopLaneOnFailure keeps the messages behind one that was discarded, or is
	// unknown, from being sent until a person decides about it with
	// [Outbox.Resolve] or [Outbox.Replay]. The default is to go on.
	StopLaneOnFailure bool
	// PairLimit spaces the messages to one recipient.
	PairLimit PairLimit
	// LookUpAfter is how long after a send the outbox waits for a webhook about it
	// before it asks the server, when the [Sender] is a [Getter]; the
	// default is 10 minutes, negative means never.
	LookUpAfter time.Duration
	// KeepBodies and KeepMessages are how long after its end the content of a
	// message, and the rest of it, are kept: 7 and 90 days. Negative means for
	// ever. The hash of its key goes with the message: the same key then is a new
	// message.
	KeepBodies, KeepMessages time.Duration
	// DrainTimeout is how long [Outbox.Run] waits for sends in progress when
	// its context ends, before their contexts end; the default is 40 seconds.
	DrainTimeout time.Duration
	// OnEnd is called when a message has reached an end: any state but
	// [StateQueued], and when a webhook tells that it was delivered or failed.
	// It is called once or more for each, by a process with the same
	// configuration that has called [Outbox.Run], until it returns nil, one message at a time.
	// After an error or a panic it is called again after 1 second to 1 minute. Its
	// context ends after 30 seconds, and when Run is to return, which waits for it for 5
	// seconds more.
	OnEnd func(ctx context.Context, r *Record) error
	// Traceparent returns the W3C trace context of an enqueuing call, which
	// is kept with the message ([Record.Traceparent]); nil for none.
	Traceparent func(ctx context.Context) string
	// Observers see what the outbox does with messages, for traces and metrics.
	Observers []Observer
	// Logger logs what goes wrong; the default is silence. Records hold ids of the
	// outbox, no phone number and no content.
	Logger *slog.Logger
	// PollOnly makes River poll in place of LISTEN, for PgBouncer in the mode
	// of transactions.
	PollOnly bool
	// PollInterval is how often to look for work in addition to notifications.
	// The default is 1 second, and for SQLite 100 ms.
	PollInterval time.Duration
}

// ClassConfig configures a class.
type ClassConfig struct {
	// Workers is how many recipients are sent to at the same time by one process;
	// 1 to 1,000. Zero means that the process does not send the class.
	Workers int
}

// PairLimit spaces the messages from one number to one recipient, as Meta does
// (error 131056): up to Burst at once and then one for each Every.
// The zero value means 45 and 6 seconds. A negative Burst means no spacing; the most
// is 100,000.
//
// Docs: https://developers.facebook.com/docs/whatsapp/messaging-limits
type PairLimit struct {
	Burst int
	Every time.Duration
}

const (
	// leaseReserve is what a lease must have left beyond an attempt.
	leaseReserve = 10 * time.Second
	// keyReserve is kept from the end of the lifetime of a key, for clocks and
	// networks that are slower than they look.
	keyReserve = 5 * time.Minute

	maxWorkers = 1000
	maxBurst   = 100_000
)

// complete checks a configuration and fills in the defaults.
func (c Config) complete() (Config, error) {
	durations := []struct {
		name       string
		value      *time.Duration
		standard   time.Duration
		negativeOK bool
	}{
		{"Config.Lease", &c.Lease, time.Minute, false},
		{"Config.AttemptTimeout", &c.AttemptTimeout, 35 * time.Second, false},
		{"Config.GiveUpAfter", &c.GiveUpAfter, 24 * time.Hour, true},
		{"Config.LookUpAfter", &c.LookUpAfter, 10 * time.Minute, true},
		{"Config.KeepBodies", &c.KeepBodies, 7 * 24 * time.Hour, true},
		{"Config.KeepMessages", &c.KeepMessages, 90 * 24 * time.Hour, true},
		{"Config.DrainTimeout", &c.DrainTimeout, 40 * time.Second, false},
		{"Config.PairLimit.Every", &c.PairLimit.Every, 6 * time.Second, false},
		{"Config.PollInterval", &c.PollInterval, 0, false},
	}
	for _, d := range durations {
		*d.value = cmp.Or(*d.value, d.standard)
		if *d.value < 0 && !d.negativeOK {
			return c, refuse(d.name, "a positive duration", d.value.String())
		}
	}
	if c.Lease < c.AttemptTimeout+leaseReserve {
		return c, refuse("Config.Lease", fmt.Sprintf("at least AttemptTimeout and %v, %v", leaseReserve, c.AttemptTimeout+leaseReserve), c.Lease.String())
	}
	c.PairLimit.Burst = cmp.Or(c.PairLimit.Burst, 45)
	if c.PairLimit.Burst > maxBurst {
		return c, refuse("Config.PairLimit.Burst", fmt.Sprintf("at most %d", maxBurst), fmt.Sprint(c.PairLimit.Burst))
	}
	classes := map[Class]ClassConfig{ClassTransactional: {16}, ClassCode: {8}, ClassMarketing: {4}}
	maps.Copy(classes, c.Classes)
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		if !classShape.MatchString(string(class)) {
			return c, refuse("Config.Classes", "names of 1 to 32 characters of a-z, 0-9, _ and -", shapeOf(string(class)))
		}
		if n := classes[class].Workers; n < 0 || n > maxWorkers {
			return c, refuse(fmt.Sprintf("Config.Classes[%q].Workers", class), fmt.Sprintf("0 to %d", maxWorkers), fmt.Sprint(n))
		}
	}
	c.Classes = classes
	c.Observers = slices.Clone(c.Observers)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
