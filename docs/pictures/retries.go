package main

import (
	"fmt"
	"time"

	"github.com/kirim-go/kirim"
)

// track is one call on the picture of retries, drawn from left to right.
type track struct {
	*canvas
	x, y float64
}

const (
	second  = 108.0 // pixels
	attempt = 46.0  // an attempt is drawn so wide, however long it takes
)

func (t *track) attempt(class, answer string) {
	t.rect(t.x, t.y, attempt, 26, class)
	t.text(t.x+attempt/2, t.y+17, "middle", "s b", answer)
	t.x += attempt
}

// wait draws a wait of at least least and at most most.
func (t *track) wait(least, most time.Duration) {
	from, to := t.x+least.Seconds()*second, t.x+most.Seconds()*second
	t.line("line", t.x, t.y+13, from, t.y+13)
	t.rect(from, t.y+7, to-from, 12, "amber")
	label := "0 – " + short(most)
	if least > 0 {
		label = fmt.Sprintf("%s + up to %s", short(least), short(most-least))
	}
	t.text((t.x+to)/2, t.y-3, "middle", "s q", label)
	t.x = to
}

func (t *track) end(text string) { t.text(t.x+9, t.y+18, "start", "s", text) }

// short writes 500ms, 1s, 2m40s, 1h12m40s: without units that are zero.
func short(d time.Duration) string {
	if d%time.Second != 0 && d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	text := ""
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.of; n > 0 {
			text += fmt.Sprintf(" %d %s", n, unit.name)
			d %= unit.of
		}
	}
	if text == "" {
		return "0"
	}
	return text[1:]
}

// retriesPicture shows five calls under the default policy.
func retriesPicture() []byte {
	policy := kirim.DefaultRetryPolicy()
	const left, row = 24.0, 72.0
	c := newCanvas(5*row + 38)
	begin := func(i int, title string) *track {
		y := 20 + float64(i)*row
		c.text(left, y+4, "start", "b", title)
		return &track{c, left, y + 26}
	}

	t := begin(0, "The server is down: a send with a key meets 502 again and again")
	t.attempt("red", "502")
	for n := range policy.MaxRetries {
		t.wait(0, min(policy.MaxDelay, policy.MinDelay<<n))
		t.attempt("red", "502")
	}
	t.end(fmt.Sprintf("*Error, Attempts: %d", policy.MaxRetries+1))

	t = begin(1, "The answer is lost: the same key again, and the server answers from memory")
	t.attempt("red", "reset")
	t.wait(0, policy.MinDelay)
	t.attempt("green", "200")
	t.end("Replayed: true, one message")

	const asked = 3 * time.Second
	t = begin(2, "Too fast: 429 with Retry-After: 3")
	t.attempt("red", "429")
	t.wait(asked, asked+min(asked/10, time.Second))
	t.attempt("green", "200")

	t = begin(3, "The same, with a context that ends before that")
	t.attempt("red", "429")
	t.end("*Error at once, RetryAfter: 3 s")
	deadline := left + attempt + 2.5*second
	c.line("dash", deadline, t.y-12, deadline, t.y+32)
	c.text(deadline+8, t.y+18, "start", "s q", "the context's deadline: nothing sleeps into it")

	t = begin(4, "A POST to a server that honours no keys: it may have been carried out")
	t.attempt("red", "reset")
	t.end("*TransportError, and MaybeSent says true")

	c.text(left, 5*row+22, "start", "s q", fmt.Sprintf("Yellow is random. Own waits end at %s, a server's Retry-After at %s, an attempt at %s.",
		short(policy.MaxDelay), short(policy.MaxRetryAfter), short(policy.AttemptTimeout)))
	return c.svg("Five calls over time: what is repeated, after which wait, and how each ends")
}
