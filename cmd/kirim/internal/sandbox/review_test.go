package sandbox

import (
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// wabaID is the WhatsApp Business Account of a sandbox.
const wabaID = "104000000000001"

func TestTheFlagsSayWhatBecomesOfTemplates(t *testing.T) {
	t.Parallel()
	scenario := write(t, "scenario.json", `{"review":{"verdict":"rejected","reason":"SCAM"}}`)
	const token = "EAA-a-token-of-a-test"
	for name, tt := range map[string]struct {
		args   []string
		status kirim.TemplateStatus
		reason string
	}{
		"they are approved":                 {[]string{"--template-review-after", "0s"}, kirim.TemplateApproved, "NONE"},
		"they are rejected":                 {[]string{"--template-review", "reject", "--template-review-after", "0s"}, kirim.TemplateRejected, "INVALID_FORMAT"},
		"they are rejected for a reason":    {[]string{"--template-reject-reason", "TAG_CONTENT_MISMATCH", "--template-review-after", "0s"}, kirim.TemplateRejected, "TAG_CONTENT_MISMATCH"},
		"they stay in review":               {[]string{"--template-review", "none"}, kirim.TemplatePending, "NONE"},
		"they are in review for a while":    {[]string{"--template-review-after", "1h"}, kirim.TemplatePending, "NONE"},
		"the scenario says it":              {[]string{"--seed", scenario}, kirim.TemplateRejected, "SCAM"},
		"a flag says it, over the scenario": {[]string{"--seed", scenario, "--template-review", "approve", "--template-review-after", "0s"}, kirim.TemplateApproved, "NONE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, map[string]string{"KIRIM_SANDBOX_ACCESS_TOKEN": token}, tt.args...)
			client, err := cloudapi.NewClient(token, kirim.WithBaseURL(strings.Replace(r.BaseURL, "/v1", "/v25.0", 1)))
			if err != nil {
				t.Fatal(err)
			}
			account := client.Account(wabaID).Templates()
			if _, err := account.Create(t.Context(), kirim.TemplateCreateParams{
				Name: "new_one", Language: "en", Category: kirim.TemplateUtility, Components: []kirim.ComponentDefinition{kirim.DefineBody("Hello.")},
			}); err != nil {
				t.Fatal(err)
			}
			page, err := account.List(t.Context(), cloudapi.TemplateListParams{Name: "new_one", Fields: []string{"name", "status", "rejected_reason"}})
			if err != nil || len(page.Items) != 1 {
				t.Fatalf("%v, %+v", err, page)
			}
			if got := page.Items[0]; got.Status != tt.status || got.RejectedReason != tt.reason {
				t.Errorf("%s for %s, want %s for %s", got.Status, got.RejectedReason, tt.status, tt.reason)
			}
		})
	}
}
