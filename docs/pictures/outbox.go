package main

// outboxPicture shows the states of a message in the outbox.
func outboxPicture() []byte {
	const top, low, height = 96.0, 330.0, 56.0
	c := newCanvas(500)

	// The way of a message that is sent, from left to right.
	c.box(30, top, 130, height, "box", "Enqueue", "your transaction")
	c.box(220, top, 140, height, "blue", "queued", "in its lane")
	c.box(450, top, 150, height, "blue", "being sent", "under its key")
	c.box(690, top, 160, height, "green", "sent", "the server accepted it")
	c.arrow(160, top+28, 218, top+28)
	c.text(189, top+20, "middle", "s", "commit")
	c.arrow(360, top+28, 448, top+28)
	c.text(404, top+20, "middle", "s", "its turn")
	c.arrow(600, top+28, 688, top+28)
	c.text(644, top+20, "middle", "s", "accepted")

	// Back to the queue, above.
	c.arrow(510, top, 510, 62, 310, 62, 310, top-2)
	c.text(418, 55, "middle", "s", "retried, rate limit, claim lapsed: the same key")
	c.arrow(770, top, 770, 34, 270, 34, 270, top-2)
	c.text(640, 27, "middle", "s", "the window was closed after all: the template, a derived key")

	// Never sent.
	for i, end := range []struct{ state, why string }{
		{"expired", "Expires has passed"},
		{"cancelled", "Cancel"},
		{"suppressed", "no marketing wanted"},
	} {
		y := 216 + 74*float64(i)
		c.box(30, y, 150, height, "amber", end.state, end.why)
		c.arrow(250, top+height, 250, y+28, 182, y+28)
	}

	// Refused, or in doubt.
	c.box(330, low, 150, height, "red", "discarded", "refused, with its error")
	c.box(540, low, 160, height, "red", "unknown", "perhaps sent")
	c.arrow(480, top+height, 480, 240, 440, 240, 440, low-2)
	c.text(448, 262, "start", "s", "refused for good")
	c.arrow(570, top+height, 570, low-2)
	c.text(578, 262, "start", "s", "in doubt, and no key")
	c.text(578, 279, "start", "s", "protects a resend")
	c.arrow(360, low, 360, 190, 330, 190, 330, top+height+2)
	c.text(352, 212, "end", "s", "Replay")

	// A person decides.
	c.arrow(620, low+height, 620, 440, 290, 440, 290, top+height+2)
	c.text(450, 433, "middle", "s", "Resolve: send again, a new key")
	c.arrow(540, low+28, 482, low+28)
	c.text(511, low+20, "middle", "s", "Resolve")
	c.arrow(700, low+28, 722, low+28, 722, top+height+2)
	c.text(730, low+33, "start", "s", "Resolve: it was sent")

	// What webhooks say.
	c.box(758, 216, 130, 48, "green", "delivered, read")
	c.box(758, 278, 130, 48, "red", "failed")
	c.arrow(740, top+height, 740, 240, 756, 240)
	c.arrow(740, 240, 740, 302, 756, 302)
	c.text(862, 180, "end", "s q", "Status, by webhook")

	c.text(30, 478, "start", "s q", "Blue: the outbox is at work. OnEnd is called in every other state.")
	return c.svg("The life of a message in the outbox: queued, being sent, sent, then delivered or failed; or discarded, unknown, expired, cancelled, suppressed")
}
