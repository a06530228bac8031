package kirimtest

import (
	"net/http"
)

// A request passes these stages in order; each may answer instead of the next.
// begin, which comes first, gives the request its id and reads its body.
func (s *Server) stages() handler {
	h := handler(dispatch)
	h = s.idempotencyStage(h)
	h = s.slowStage(h)
	h = s.rateStage(h)
	h = s.authStage(h)
	h = s.bodyStage(h)
	return s.faultStage(h)
}

// answer takes a request through all stages.
func (s *Server) answer(r *http.Request) answer {
	now := s.cfg.clock.Now()
	c := &call{s: s, r: r, requestID: newID("req_", now), idemKey: r.Header.Get("Idempotency-Key")}
	c.route, c.params, c.allow = s.router.find(r.Method, r.URL.EscapedPath())
	c.fault = s.state.takeFault(r.Method, r.URL.Path)
	unread := c.fault != nil && c.fault.Unread
	var bodyErr error
	if !unread {
		bodyErr = c.readBody()
	}
	c.log = s.state.openRequest(c, now)
	rep := gone()
	if bodyErr == nil && !unread { // else the client left before it had sent all
		rep = s.handle(c)
	}
	a := c.render(rep)
	s.state.closeRequest(c.log, rep, a.status)
	return a
}

func (s *Server) bodyStage(next handler) handler {
	return func(c *call) *reply {
		if c.tooLarge {
			return failed(failStatus(http.StatusRequestEntityTooLarge, s.cfg.assumptions.TooLargeCode, "body",
				"The request body is too large."))
		}
		return next(c)
	}
}

func (s *Server) rateStage(next handler) handler {
	return func(c *call) *reply {
		if c.route != nil && c.route.public {
			return next(c)
		}
		var ok bool
		c.rate, ok = c.s.state.takeToken(c.r.Method, s.cfg.clock.Now())
		c.rated = true
		if !ok {
			e := fail("rate_limit_exceeded", "", "Too many requests.")
			e.retryAfter = c.rate.retryAfter
			return failed(e)
		}
		return next(c)
	}
}

// slowStage keeps the answer back for a [Fault] with Slow, after the request
// took effect.
func (s *Server) slowStage(next handler) handler {
	return func(c *call) *reply {
		rep := next(c)
		if !c.readyAt.IsZero() && !c.wait(c.readyAt.Sub(s.cfg.clock.Now())) {
			return gone()
		}
		return rep
	}
}

// dispatch is the last stage: the operation itself.
func dispatch(c *call) *reply {
	if c.route != nil {
		if c.twice {
			c.route.handle(c)
		}
		return c.route.handle(c)
	}
	as := &c.s.cfg.assumptions
	if c.allow == "" {
		return failed(failStatus(http.StatusNotFound, as.UnknownPathCode, "", "There is nothing at this path."))
	}
	rep := failed(failStatus(http.StatusMethodNotAllowed, as.WrongMethodCode, "", "This path does not have that method."))
	rep.header = http.Header{"Allow": {c.allow}}
	return rep
}
