package cloudapi_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// asMeant is a body with what Meta takes for granted: an individual recipient, a
// text or an interactive message where no type is given, the policy of a language,
// no preview; and with the positions of buttons as numbers.
func asMeant(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	if fields["recipient_type"] == nil {
		fields["recipient_type"] = "individual"
	}
	for _, kind := range []string{"text", "interactive"} {
		if fields["type"] == nil && fields[kind] != nil {
			fields["type"] = kind
		}
	}
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, v := range value {
				walk(v)
			}
		case map[string]any:
			if value["preview_url"] == false {
				delete(value, "preview_url")
			}
			if index, text := value["index"].(string); text {
				value["index"], _ = strconv.ParseFloat(index, 64)
			}
			if language, is := value["language"].(map[string]any); is && language["policy"] == nil {
				language["policy"] = "deterministic"
			}
			for _, v := range value {
				walk(v)
			}
		}
	}
	walk(fields)
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
