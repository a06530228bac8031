package kirimtest

import (
	"fmt"
	"testing"
	"time"
)

// reviewedFields are what a program asks Meta for to learn what became of a template.
const reviewedFields = "?fields=name,status,rejected_reason,quality_score,message_send_ttl_seconds"

// metaMade creates a template at Meta's API and returns its id.
func metaMade(t *testing.T, s *Server, body string) string {
	t.Helper()
	r := meta(t, s, "POST", "/"+s.WABAID+"/message_templates", body)
	wantMeta(t, r, 200, 0, 0)
	return decoded(t, []byte(r.body))["id"].(string)
}

func TestAReviewRefusesWithAReason(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ reason, want string }{
		"the reason that was set": {"TAG_CONTENT_MISMATCH", "TAG_CONTENT_MISMATCH"},
		"the default":             {"", "INVALID_FORMAT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, h := withHook(t, always(200))
			reason := func(s *Server, id string) any {
				return decoded(t, []byte(meta(t, s, "GET", "/"+id+reviewedFields, "").body))["rejected_reason"]
			}
			s.ReviewTemplates(TemplateReview{After: time.Minute, Verdict: TemplateRejected, Reason: tt.reason})
			id := metaMade(t, s, newTemplate("order_ready", bodyPart))
			s.ReviewTemplates(TemplateReview{}) // for those that come after
			if got := reason(s, id); got != "NONE" {
				t.Errorf("in review: %v", got)
			}
			s.Advance(time.Minute)
			if got := reason(s, id); got != tt.want {
				t.Errorf("rejected: %v, want %s", got, tt.want)
			}
			hooks := h.webhooks()
			if value := dig(decoded(t, hooks[len(hooks)-1].body), "entry.changes.value"); dig(value, "reason") != tt.want || dig(value, "event") != "REJECTED" {
				t.Errorf("the webhook is %v", value)
			}
			again := restarted(t, s, WithClock(s.cfg.clock))
			if got := reason(again, id); got != tt.want {
				t.Errorf("after a restart: %v, want %s", got, tt.want)
			}
			again.SetTemplateStatus("order_ready", TemplateApproved)
			if got := reason(again, id); got != "NONE" {
				t.Errorf("approved: %v", got)
			}
		})
	}
}

func TestAVerdictThatIsDueAfterARestartHasItsReason(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	s.ReviewTemplates(TemplateReview{After: time.Hour, Verdict: TemplateRejected, Reason: "SCAM"})
	id := metaMade(t, s, newTemplate("order_ready", bodyPart))
	again := restarted(t, s, WithClock(clock))
	clock.Advance(time.Hour)
	if got := decoded(t, []byte(meta(t, again, "GET", "/"+id+reviewedFields, "").body)); got["rejected_reason"] != "SCAM" || got["status"] != "REJECTED" {
		t.Errorf("got %v", got)
	}
}

func TestATemplateHasWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	id := metaMade(t, s, `{"name":"order_ready","category":"UTILITY","language":"en","components":[`+bodyPart+`],"message_send_ttl_seconds":600}`)
	get := func(query string) map[string]any { return decoded(t, []byte(meta(t, s, "GET", "/"+id+query, "").body)) }
	if got := get(""); got["rejected_reason"] != nil || got["quality_score"] != nil || got["message_send_ttl_seconds"] != nil {
		t.Errorf("without fields: %v", got)
	}
	if got := get(reviewedFields); dig(got["quality_score"], "score") != "UNKNOWN" || got["message_send_ttl_seconds"] != 600.0 {
		t.Errorf("with fields: %v", got)
	}
	clock.Advance(2 * time.Second)
	wantMeta(t, meta(t, s, "POST", "/"+id, `{"message_send_ttl_seconds":60}`), 200, 0, 0)
	if got := get(reviewedFields); got["message_send_ttl_seconds"] != 60.0 || got["status"] != "PENDING" {
		t.Errorf("after an edit: %v", got)
	}
}

func TestCreationsOfTemplatesAreLimited(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ limit, taken int }{
		"a hundred by default": {0, 100},
		"as many as were set":  {3, 3},
		"without a limit":      {-1, 120},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, clock := inMemory(t, WithMetaLimits(MetaLimits{Creations: tt.limit}))
			for i := range tt.taken {
				metaMade(t, s, newTemplate(fmt.Sprintf("t%d", i), bodyPart))
			}
			if tt.limit >= 0 {
				wantMeta(t, meta(t, s, "POST", "/"+s.WABAID+"/message_templates", newTemplate("more", bodyPart)), 400, 80007, 0)
				clock.Advance(time.Hour)
			}
			metaMade(t, s, newTemplate("more", bodyPart))
		})
	}
}

func TestEditsOfApprovedTemplatesAreLimited(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	id := metaMade(t, s, newTemplate("order_ready", bodyPart))
	edit := func(status int) {
		t.Helper()
		clock.Advance(2 * time.Second)
		code := 0
		if status != 200 {
			code = 100
		}
		wantMeta(t, meta(t, s, "POST", "/"+id, `{"components":[`+bodyPart+`]}`), status, code, 0)
	}
	edit(200)
	clock.Advance(day - 5*time.Second)
	edit(400) // a day is not over
	clock.Advance(time.Second)
	for range 9 {
		edit(200)
		clock.Advance(day)
	}
	edit(400) // the eleventh in 30 days
	for _, status := range []TemplateStatus{TemplateRejected, TemplatePaused} {
		s.SetTemplateStatus("order_ready", status)
		edit(200) // which is free
	}
	edit(400)
	clock.Advance(20 * day)
	edit(200)
}
