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
	x := &exchange{s: s, r: r, requestID: newID("req_", now), idemKey: r.Header.Get("Idempotency-Key")}
	routes, handle := s.router, s.handle
	if x.meta = isMeta(r.URL.Path); x.meta {
		routes, handle, x.idemKey = s.meta.routes, s.meta.handle, "" // Meta has no such keys
	}
	x.route, x.params, x.allow = routes.find(r.Method, r.URL.EscapedPath())
	x.fault = s.state.takeFault(r.Method, r.URL.Path, now)
	unread := x.fault != nil && x.fault.Unread
	var bodyErr error
	if !unread {
		bodyErr = x.readBody()
	}
	x.log = s.state.openRequest(x, now)
	rep := gone()
	if bodyErr == nil && !unread { // else the client left before it had sent all
		rep = handle(x)
	}
	a := x.render(rep)
	s.state.closeRequest(x.log, rep, &a, s.cfg.clock.Now())
	return a
}

func (s *Server) bodyStage(next handler) handler {
	return func(x *exchange) *reply {
		if x.tooLarge {
			return failed(failStatus(http.StatusRequestEntityTooLarge, s.cfg.assumptions.TooLargeCode, "body",
				"The request body is too large."))
		}
		return next(x)
	}
}

func (s *Server) rateStage(next handler) handler {
	return func(x *exchange) *reply {
		if x.route != nil && x.route.public {
			return next(x)
		}
		var ok bool
		x.rate, ok = x.s.state.takeToken(x.r.Method, s.cfg.clock.Now())
		x.rated = true
		if !ok {
			e := fail("rate_limit_exceeded", "", "Too many requests.")
			e.retryAfter = x.rate.retryAfter
			return failed(e)
		}
		return next(x)
	}
}

// slowStage keeps the response back for a [Fault] with Slow, after the request
// took effect.
func (s *Server) slowStage(next handler) handler {
	return func(x *exchange) *reply {
		rep := next(x)
		if !x.readyAt.IsZero() && !x.wait(x.readyAt.Sub(s.cfg.clock.Now())) {
			return gone()
		}
		return rep
	}
}

// dispatch is the last stage: the operation itself.
func dispatch(x *exchange) *reply {
	if x.route != nil {
		if x.twice {
			x.route.handle(x)
		}
		return x.route.handle(x)
	}
	as := &x.s.cfg.assumptions
	if x.allow == "" {
		return failed(failStatus(http.StatusNotFound, as.UnknownPathCode, "", "There is nothing at this path."))
	}
	rep := failed(failStatus(http.StatusMethodNotAllowed, as.WrongMethodCode, "", "This path does not have that method."))
	rep.header = http.Header{"Allow": {x.allow}}
	return rep
}
