package main

// requestPicture shows the rooms that one request goes through.
func requestPicture() []byte {
	c := newCanvas(432)
	const left, width, height, step = 230.0, 440.0, 62.0, 84.0
	for i, room := range []struct{ name, files, does string }{
		{"A resource", "messages.go, contacts.go, …", "typed parameters in, typed result out; checks the message"},
		{"The client", "client.go, url.go", "path, query, JSON and headers; makes the idempotency key"},
		{"The engine", "call.go, retry.go", "paces, attempts, judges by the table, waits, tries again"},
		{"The transport", "transport.go", "proof of what was sent; time limit; redirects; size limits"},
		{"net/http", "the caller's http.Client or our own", "one HTTP request"},
	} {
		y := 18 + step*float64(i)
		class := "box"
		if i == 2 {
			class = "blue"
		}
		c.rect(left, y, width, height, class)
		c.text(left+16, y+25, "start", "b", room.name)
		c.text(left+width-16, y+25, "end", "m q", room.files)
		c.text(left+16, y+47, "start", "s", room.does)
		if i > 0 {
			c.arrow(left+110, y-step+height, left+110, y-1)
			c.arrow(left+width-110, y, left+width-110, y-step+height+1)
		}
	}
	for i, passing := range []struct{ down, up string }{
		{"Send(ctx, OutboundMessage)", "*AcceptedMessage, or an error"},
		{"Do(ctx, POST, path, body)", "decoded JSON, or *Error"},
		{"request with key and body", "last answer, why it ended"},
		{"attempt n, same key", "answer, or why there is none"},
		{"bytes", "bytes"},
	} {
		y := 18 + step*float64(i)
		c.text(left-14, y+35, "end", "s", passing.down)
		c.text(left+width+14, y+35, "start", "s", passing.up)
	}
	return c.svg("The path of one request: resource, client, engine, transport, net/http, and back")
}
