package outbox

import (
	"time"
)

// pairPace is the pace of a lane. It is a GCRA whose only state, the theoretical
// arrival time of the next message, is kept in the lane's row: the lane has one
// owner at a time.
type pairPace struct {
	limit    PairLimit
	tat      int64 // in microseconds
	refusals int   // by the server, in a row
}

// wait returns how long a message must wait, and counts it when that is zero.
func (p *pairPace) wait(now int64) time.Duration {
	if p.limit.Burst < 0 {
		return 0
	}
	every := p.limit.Every.Microseconds()
	tat := max(p.tat, now) + every
	if early := tat - now - int64(p.limit.Burst)*every; early > 0 {
		return time.Duration(early) * time.Microsecond
	}
	p.tat = tat
	return 0
}

// refused returns how long to wait after the server has refused a message for
// the pair limit: 4 seconds, then 16, 64, and at most 256.
//
// Docs: https://developers.facebook.com/docs/whatsapp/cloud-api/overview#pair-rate-limits
func (p *pairPace) refused() time.Duration {
	p.refusals = min(p.refusals+1, 4)
	return time.Duration(1<<(2*p.refusals)) * time.Second
}
