package kirimtest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// metaVersion is the version of [Server.MetaURL]. Every other one means the same.
const metaVersion = "v25.0"

// mostMedia is the largest file that Meta takes, a document, and what is around it
// in an upload.
const mostMedia = 100<<20 + 64<<10

// metaAPI is how requests to Meta's paths are handled.
type metaAPI struct {
	routes *router
	handle handler
}

var metaPath = regexp.MustCompile(`^/v[0-9]{1,3}\.[0-9]{1,3}/`)

// isMeta tells Meta's paths, which begin with a version of two numbers, from
// Kirim's, which begin with /v1.
func isMeta(path string) bool { return metaPath.MatchString(path) }

func (s *Server) newMetaCredentials(wabaID, accessToken string) {
	s.WABAID = wabaID
	s.AccessToken = cmp.Or(accessToken, newAccessToken())
	s.addAccessToken(s.AccessToken, Key{})
	s.AppSecret = cmp.Or(s.cfg.appSecret, newSecret("", 24))
	s.VerifyToken = cmp.Or(s.cfg.verifyToken, newSecret("", 12))
}

func newAccessToken() string { return newSecret("EAA", 24) }

// AddAccessToken makes a further access token of Meta's API and returns it. A token
// that has expired, or was revoked by [Server.RevokeKey], is refused with 190.
func (s *Server) AddAccessToken(k Key) string {
	token := newAccessToken()
	s.addAccessToken(token, k)
	return token
}

func (s *Server) addAccessToken(token string, k Key) {
	key := s.addKey(token, k)
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	key.meta = true
}

func metaRoutes() *router {
	n := new(router)
	add := func(method, pattern string, h handler) {
		n.add(method, route{pattern: "/{version}" + pattern, handle: h})
	}
	add("POST", "/{id}/messages", onMetaNumber(postMetaMessage))
	add("POST", "/{id}/marketing_messages", onMetaNumber(postMarketingMessage))

	n.add("POST", route{pattern: "/{version}/{id}/media", handle: onMetaNumber(uploadMedia), body: mostMedia})
	add("GET", "/attachments/{token}", downloadMedia)

	add("GET", "/{id}/message_templates", onWABA(listMetaTemplates))
	add("POST", "/{id}/message_templates", onWABA(createMetaTemplate))
	add("DELETE", "/{id}/message_templates", onWABA(deleteMetaTemplates))
	add("GET", "/{id}/phone_numbers", onWABA(listPhoneNumbers))
	add("POST", "/{id}/register", onMetaNumber(registerNumber))
	add("POST", "/{id}/deregister", onMetaNumber(deregisterNumber))
	add("GET", "/{id}/whatsapp_business_encryption", onMetaNumber(getFlowKey))
	add("POST", "/{id}/whatsapp_business_encryption", onMetaNumber(setFlowKey))

	add("GET", "/{id}/subscribed_apps", onWABA(listApps))
	add("POST", "/{id}/subscribed_apps", subscribeApp)
	add("DELETE", "/{id}/subscribed_apps", onWABA(unsubscribeApps))

	add("GET", "/{id}", holding(getNode))
	add("POST", "/{id}", holding(editNode))
	add("DELETE", "/{id}", holding(deleteNode))
	return n
}

// metaStages are [Server.stages] for Meta's paths: no idempotency keys, and limits
// of their own.
func (s *Server) metaStages() handler {
	h := handler(metaDispatch)
	h = s.slowStage(h)
	h = metaLimitStage(h)
	h = s.metaAuthStage(h)
	h = s.bodyStage(h)
	return s.faultStage(h)
}

func (s *Server) metaAuthStage(next handler) handler {
	return func(x *exchange) *reply {
		org, k, err := s.authenticate(x.r.Header["Authorization"], true, s.cfg.clock.Now())
		if err != nil {
			return failed(asMeta(err))
		}
		x.s, x.key = org, k
		if err := org.state.refusal(); err != nil && err.code == "organization_suspended" {
			return failed(asMeta(err))
		}
		if proof := x.r.URL.Query().Get("appsecret_proof"); proof != "" && !org.proves(proof, x.r.Header.Get("Authorization")) {
			return failed(metaFail(100, "Invalid appsecret_proof provided in the API argument."))
		}
		return next(x)
	}
}

// proves reports whether proof is the HMAC of the access token under the secret of
// the app.
//
// Docs: https://developers.facebook.com/docs/graph-api/guides/secure-requests
func (s *Server) proves(proof, authorization string) bool {
	_, token, _ := strings.Cut(authorization, " ")
	mac := hmac.New(sha256.New, []byte(s.AppSecret))
	mac.Write([]byte(token))
	return hmac.Equal([]byte(proof), []byte(hex.EncodeToString(mac.Sum(nil))))
}

// metaDispatch is the last stage: the operation itself.
func metaDispatch(x *exchange) *reply {
	if x.route == nil {
		e := noObject()
		e.status = http.StatusNotFound
		return failed(e)
	}
	if x.twice {
		x.route.handle(x)
	}
	return x.route.handle(x)
}

// onMetaNumber refuses unless the object is a number of ours.
func onMetaNumber(h func(*exchange, PhoneNumber) *reply) handler {
	return func(x *exchange) *reply {
		n, found := x.s.state.number(x.params[1])
		if !found {
			return failed(noObject())
		}
		return h(x, n)
	}
}

// onWABA refuses unless the object is our account. It holds state.mu.
func onWABA(h handler) handler {
	return holding(func(x *exchange) *reply {
		if x.params[1] != x.s.WABAID {
			return failed(noObject())
		}
		return h(x)
	})
}

// success is the response to what has no result of its own.
func success() *reply {
	return &reply{status: http.StatusOK, data: json.RawMessage(`{"success":true}`)}
}

// renderMeta returns the body of a response and adds its headers.
func (x *exchange) renderMeta(rep *reply, h http.Header, now time.Time) []byte {
	h["Content-Type"] = []string{"application/json; charset=UTF-8"}
	h["Facebook-Api-Version"] = []string{x.params[0]}
	h["X-Fb-Trace-Id"] = []string{x.requestID}
	x.writeUsage(h, rep.err, now)
	if rep.err == nil {
		return rep.data
	}
	return rep.err.encodeMeta(x.requestID)
}
