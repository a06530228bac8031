package templates

import (
	"encoding/json"
	"testing"

	"github.com/kirim-go/kirim"
)

// An account has numbers for variables. People know them by the names in the file.
func TestADifferenceHasTheNamesOfTheFile(t *testing.T) {
	t.Parallel()
	f, err := Parse("order.yaml", []byte(`name: order
category: utility
parameters: {customer: Ana, order: A-17}
languages:
  en:
    body: Hello {{customer}}, your order {{order}} is ready.
    buttons:
      - {type: url, text: Track, url: "https://shop.example/o/{{order}}"}
`))
	if err != nil {
		t.Fatal(err)
	}
	var components []kirim.ComponentDefinition
	if err := json.Unmarshal([]byte(`[
		{"type":"BODY","text":"Hi {{1}}, your order {{2}} is ready. {{3}} {{0}}","example":{"body_text":[["Ana","A-17"]]}},
		{"type":"BUTTONS","buttons":[{"type":"URL","text":"Track","url":"https://shop.example/{{1}}","example":["A-17"]}]}
	]`), &components); err != nil {
		t.Fatal(err)
	}
	remote := &Remote{MessageTemplate: kirim.MessageTemplate{
		Name: "order", Language: "en", Status: kirim.TemplateApproved, Category: kirim.TemplateUtility, Components: components,
	}}
	got := Diff([]*File{f}, []*Remote{remote})[0].Changes
	want := [][3]string{
		{"languages.en.body", "Hi {{customer}}, your order {{order}} is ready. {{3}} {{0}}", "Hello {{customer}}, your order {{order}} is ready."},
		{"languages.en.buttons[0].url", "https://shop.example/{{order}}", "https://shop.example/o/{{order}}"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d changes, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		if c := got[i]; c.Field != w[0] || c.Before != w[1] || c.After != w[2] || !c.Comparable {
			t.Errorf("%+v, want %q", c, w)
		}
	}
}
