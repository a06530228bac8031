package cloudapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testmeta"
	"github.com/kirim-go/kirim/internal/testwire"
)

func asMeant(t *testing.T, body []byte) map[string]any {
	t.Helper()
	fields, err := testmeta.Spelled(body)
	if err != nil {
		t.Fatal(err)
	}
	return fields
}

// The bodies are those of the root's tests, one for each example of Meta's.
func TestEveryMessageThatMetaShowsGoesOutAsItShowsIt(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/send_meta/*.json")
	if err != nil || len(files) != 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	wire := testwire.Answering(200, `{"success":true,"messages":[{"id":"wamid.EXAMPLE"}]}`)
	from := number(t, wire)
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wire.Forget()
		var message kirim.OutboundMessage
		if filepath.Base(file) == "send_typing_indicator_and_read_receipt.json" {
			var receipt struct {
				MessageID string `json:"message_id"`
			}
			if err = json.Unmarshal(body, &receipt); err == nil {
				err = from.ShowTyping(t.Context(), receipt.MessageID)
			}
		} else if err = json.Unmarshal(body, &message); err == nil {
			_, err = from.Send(t.Context(), message)
		}
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if _, raw := message.Content.(kirim.Raw); raw {
			t.Errorf("%s has no typed content", filepath.Base(file))
		}
		if got := wire.Requests()[0].Body; !reflect.DeepEqual(asMeant(t, []byte(got)), asMeant(t, body)) {
			t.Errorf("%s:\n got %s\nwant %s", filepath.Base(file), got, body)
		}
	}
	t.Logf("%d bodies", len(files))
}
