package cloudapi_test

import (
	"encoding/json"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// FuzzTemplate reads what a server may say of a template, and holds a message
// against it. What was read can be written and read again.
func FuzzTemplate(f *testing.F) {
	f.Add([]byte(`{"id":"600","name":"n","language":"id","status":"APPROVED","quality_score":{"score":"GREEN","date":1764547200},"components":[{"type":"BODY","text":"Halo {{1}}"}]}`))
	f.Add([]byte(`{"quality_score":{"date":"2026-05-21T11:18:09+0000","reasons":null},"message_send_ttl_seconds":"x"}`))
	f.Add([]byte(`{"status":null,"rejected_reason":[],"parameter_format":"NAMED"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var read, again cloudapi.Template
		if json.Unmarshal(body, &read) != nil {
			return
		}
		_ = kirim.Template{Name: "n", Language: "id"}.Check(&read.MessageTemplate)
		written, err := json.Marshal(read)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil || again.Status != read.Status || again.RejectedReason != read.RejectedReason || again.QualityScore.Score != read.QualityScore.Score {
			t.Errorf("%s was written as %s: %v", body, written, err)
		}
	})
}
