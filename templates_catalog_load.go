package kirim

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	// A load ends after it at the latest, whoever waits for it.
	catalogLoadTimeout = time.Minute

	// How long a number is left alone after a load that failed.
	firstCatalogPause = 30 * time.Second
	lastCatalogPause  = 10 * time.Minute
)

// catalogFlight is a request that many may wait for.
type catalogFlight struct {
	done     chan struct{}
	began    time.Time
	cancel   context.CancelFunc
	outdated map[templateName]bool // what a load must not overwrite
	err      error                 // read it after done
}

// abandon is for a request whose result is of no use any more. mu is held.
func (f *catalogFlight) abandon() {
	f.cancel()
	close(f.done)
}

// wait reports whether the request ended before a time, and before the longest time
// after it began for which messages wait for one.
func (f *catalogFlight) wait(ctx context.Context, until time.Time, longest time.Duration) bool {
	if end := f.began.Add(longest); end.Before(until) {
		until = end
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-f.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// errCatalogPanic is a load that ended without a result. What panicked is the
// caller's own, such as a transport, and does the same in the send, where
// the caller can recover.
var errCatalogPanic = errors.New("the load panicked or ended its goroutine")

// start carries out a request under a context of its own, and logs when the server
// is to be left alone for a while. finish is called in any case. mu is held.
func (c *TemplateCatalog) start(templates TemplatesService, request func(context.Context, *catalogFlight) error, finish func(*catalogFlight, error) time.Duration) *catalogFlight {
	ctx, cancel := context.WithTimeout(context.Background(), catalogLoadTimeout)
	f := &catalogFlight{done: make(chan struct{}), began: time.Now(), cancel: cancel}
	c.running++
	go func() {
		err := errCatalogPanic
		defer func() { //nolint:contextcheck // the log line outlives the load
			cancel()
			_ = recover()
			// The logger is the caller's and may wait for anything: no lock is held.
			if pause := finish(f, err); pause > 0 {
				logUnloaded(templates, err, pause)
			}
			c.ended()
		}()
		err = request(ctx, f)
	}()
	return f
}

func (c *TemplateCatalog) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running--; c.running == 0 && c.idle != nil {
		close(c.idle)
	}
}

// startLoad loads all templates of a number. mu is held.
func (c *TemplateCatalog) startLoad(n *numberTemplates, templates TemplatesService) {
	known := make(map[templateName]*knownTemplate)
	n.load = c.start(templates, func(ctx context.Context, f *catalogFlight) error {
		for d, err := range templates.All(ctx, TemplateListParams{Status: TemplateStatusAll, Limit: 100}) {
			if err != nil {
				return err
			}
			name := templateName{d.Name, d.Language}
			if d.Name == "" || known[name] != nil {
				continue
			}
			if len(known) >= c.templateLimit() {
				break
			}
			known[name] = newKnownTemplate(d, f.began)
		}
		return nil
	}, func(f *catalogFlight, err error) time.Duration { return c.endLoad(n, f, known, err) })
	n.load.outdated = make(map[templateName]bool)
}

// endLoad puts what was loaded in use. What was learned since the load began is
// newer. When the load failed, it returns how long to leave the server alone.
func (c *TemplateCatalog) endLoad(n *numberTemplates, f *catalogFlight, known map[templateName]*knownTemplate, err error) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.load != f { // something was put in its place
		return 0
	}
	n.load, f.err = nil, err
	defer close(f.done)
	if err != nil {
		return n.failed(err)
	}
	for name := range f.outdated {
		if delete(known, name); n.known[name] != nil {
			known[name] = n.known[name]
		}
	}
	for name, old := range n.known {
		if old.at.After(f.began) && !old.heard && (known[name] != nil || len(known) < c.templateLimit()) {
			known[name] = old
		}
	}
	n.settle(known, time.Now())
	return 0
}

// startGet loads one template of a number. mu is held.
func (c *TemplateCatalog) startGet(n *numberTemplates, templates TemplatesService, name templateName) *catalogFlight {
	var known *knownTemplate
	n.gets[name] = c.start(templates, func(ctx context.Context, f *catalogFlight) error {
		known = &knownTemplate{at: f.began}
		d, err := templates.Get(ctx, name.name, name.language)
		if err == nil && d.Name == name.name && d.Language == name.language {
			known = newKnownTemplate(d, f.began)
		}
		return err
	}, func(f *catalogFlight, err error) time.Duration { return c.endGet(n, f, name, known, err) })
	return n.gets[name]
}

// endGet puts a template in use, or that there is none.
func (c *TemplateCatalog) endGet(n *numberTemplates, f *catalogFlight, name templateName, known *knownTemplate, err error) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.gets[name] != f { // the template has changed since it began
		return 0
	}
	delete(n.gets, name)
	defer close(f.done)
	if err != nil && !errors.Is(err, KindNotFound) && !errors.Is(err, KindTemplateNotFound) && !errors.Is(err, KindInvalidRequest) {
		return n.failed(err)
	}
	if old := n.known[name]; old == nil || !old.at.After(f.began) {
		n.known[name] = known
	}
	return 0
}

// failed leaves the server alone for a while. mu is held.
func (n *numberTemplates) failed(err error) time.Duration {
	pause := min(firstCatalogPause<<min(n.failures, 8), lastCatalogPause)
	n.failures++
	var answer *Error
	if errors.As(err, &answer) {
		pause = max(pause, answer.RetryAfter)
	}
	n.retryAt = time.Now().Add(pause)
	return pause
}

func logUnloaded(templates TemplatesService, err error, pause time.Duration) {
	logger := templates.client.logger
	if logger == nil {
		return
	}
	attrs := []slog.Attr{slog.String("route", routeOf(templates.path())), slog.Duration("wait", pause)}
	var kind Kind
	if errors.As(err, &kind) {
		attrs = append(attrs, slog.String("kind", string(kind)))
	}
	var answer *Error
	if errors.As(err, &answer) {
		attrs = append(attrs, slog.Int("status", answer.StatusCode), slog.String("request_id", printable(answer.RequestID)))
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, "kirim: templates not loaded, messages go out unchecked", attrs...)
}

// Refresh loads the definitions of a number now, for example when a program
// starts, so that no message has to wait for it. It joins a load that is under way.
// Its error is that of the load, as of [TemplatesService.All]; what was known
// before then stays in use. When ctx ends first, the error matches that of ctx,
// and the load goes on. Templates of a client with another base URL or API key
// than the catalog serves are a [*ValidationError], and so are a number beyond
// [WithCatalogLimits] and a closed catalog.
func (c *TemplateCatalog) Refresh(ctx context.Context, templates *TemplatesService) error {
	if c == nil || templates == nil {
		return refuse("templates", "a catalog and the templates of a number", "nil")
	}
	if err := templates.client.check(ctx); err != nil {
		return err
	}
	if err := c.claim(templates.client.base.String(), templates.client.apiKey); err != nil {
		return refuse("templates", "those of one base URL and API key", "those of another")
	}
	now := time.Now()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return refuse("catalog", "one that is not closed", "a closed one")
	}
	n := c.number(templates.phoneNumberID, now)
	if n == nil {
		c.mu.Unlock()
		return refuse("phone_number_id", "as many as the catalog may hold", "one more, while all others are in use")
	}
	n.used = now
	if n.load == nil {
		c.startLoad(n, *templates) //nolint:contextcheck // a load belongs to no caller
	}
	f := n.load
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return contextError(ctx)
	}
}
