package outbox

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/outbox/internal/driver"
)

// Progress is how many messages of a campaign are where. Each message is counted
// once, so that the counts and those of Failed and Discarded add up to Total.
type Progress struct {
	Total  int
	Queued int // with those that are tried again
	// Sent is accepted by the server, and no more is known. Delivered and Read are
	// the messages that came so far and no farther; played counts as read.
	Sent, Delivered, Read int
	// Failed is by kind what failed after it was accepted, Discarded what was
	// refused. The kind is empty where it is not known.
	Failed, Discarded                       map[kirim.Kind]int
	Unknown, Expired, Cancelled, Suppressed int
}

// Done reports whether nothing of it waits to be sent. Statuses may still come.
func (p Progress) Done() bool { return p.Queued == 0 }

// Progress counts the messages of a campaign. It reads an index with an entry for
// each of them.
func (o *Outbox[TTx]) Progress(ctx context.Context, campaign string) (Progress, error) {
	p := Progress{Failed: make(map[kirim.Kind]int), Discarded: make(map[kirim.Kind]int)}
	if err := o.check(ctx); err != nil {
		return p, err
	}
	if err := checkText("campaign", campaign, 1, maxCampaign); err != nil {
		return p, err
	}
	err := o.run(ctx, &driver.Statement{SQL: o.sql.progress, Args: []any{campaign}, Each: func(scan func(...any) error) error {
		var state State
		var status, kind *string
		var n int
		if err := scan(&state, &status, &kind, &n); err != nil {
			return err
		}
		p.add(state, kirim.MessageStatus(textOf(status)), kirim.Kind(textOf(kind)), n)
		return nil
	}})
	return p, err
}

func (p *Progress) add(state State, status kirim.MessageStatus, kind kirim.Kind, n int) {
	p.Total += n
	switch state {
	case StateQueued:
		p.Queued += n
	case StateUnknown:
		p.Unknown += n
	case StateExpired:
		p.Expired += n
	case StateCancelled:
		p.Cancelled += n
	case StateSuppressed:
		p.Suppressed += n
	case StateDiscarded:
		p.Discarded[kind] += n
	case StateSent:
		switch status {
		case kirim.MessageFailed:
			p.Failed[kind] += n
		case kirim.MessageDelivered:
			p.Delivered += n
		case kirim.MessageRead, kirim.MessagePlayed:
			p.Read += n
		default:
			p.Sent += n
		}
	}
}

// Depth is how many messages of a class wait, and for how long the oldest of
// them that is due has.
type Depth struct {
	Class  Class
	Queued int
	// Oldest is the age of the oldest of them; 0 when none is due.
	Oldest time.Duration
}

// Depths returns how much waits, by class. A class of [Config.Classes] in which nothing
// waits is there as well, so that a metric of it falls to zero. [Outbox.Backlog] tells more.
func (o *Outbox[TTx]) Depths(ctx context.Context) (depths []Depth, err error) {
	if err := o.check(ctx); err != nil {
		return nil, err
	}
	err = o.run(ctx, &driver.Statement{SQL: o.sql.depths, Each: func(scan func(...any) error) error {
		var d Depth
		var micros int64
		err := scan(&d.Class, &d.Queued, &micros)
		d.Oldest = sinceOldest(micros)
		depths = append(depths, d)
		return err
	}})
	if err != nil {
		return nil, err
	}
	for class := range o.config.Classes {
		if !slices.ContainsFunc(depths, func(d Depth) bool { return d.Class == class }) {
			depths = append(depths, Depth{Class: class})
		}
	}
	slices.SortFunc(depths, func(a, b Depth) int { return cmp.Compare(a.Class, b.Class) })
	return depths, nil
}
