package templates

import (
	"encoding/json"
	"testing"
)

func FuzzAPullOfAnythingIntoAnything(f *testing.F) {
	for _, text := range []string{commentedSeed, keptFile, keptCode, keptMarks, keptCards, keptJSON, keptComponents} {
		for _, template := range []string{
			`{"language": "en", "category": "UTILITY", "components": [{"type": "BODY", "text": "Hi {{1}}", "example": {"body_text": [["Ana"]]}}]}`,
			`{"language": "id", "content": "Hi {{1}} {{3}}", "header_type": "IMAGE", "footer_content": "a\nb"}`,
			`{"language": "en", "category": "authentication", "components": [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP"}]}]}`,
			`{"language": "en", "parameter_format": "NAMED", "components": [{"type": "header", "text": "{{a}}"}, {"type": "CAROUSEL", "cards": [{"components": [{"type": "BODY", "text": "{{b}}"}]}, {}]}]}`,
		} {
			f.Add("a.yaml", text, template)
			f.Add("a.json", text, template)
		}
	}
	f.Fuzz(func(t *testing.T, name, text, template string) {
		old, err := Parse(name, []byte(text))
		if err != nil {
			return
		}
		r := &Remote{}
		if json.Unmarshal([]byte(template), &r.MessageTemplate) != nil {
			return
		}
		merged, isChanged := fileOf(old, []*Remote{r})
		merged.path = name
		if len(isChanged) == 0 || len(merged.YAML()) > MaxFileSize/2 {
			return
		}
		if _, err := Parse("a.yaml", merged.YAML()); err != nil {
			return // such as components that are too deep
		}
		result, err := merge(old, merged)
		if err != nil {
			t.Fatalf("%v\n%s\nand\n%s", err, text, merged.YAML())
		}
		again, err := Parse(name, result)
		if err != nil {
			t.Fatal(err)
		}
		// What is written is what the account has, and so the second pull finds.
		next, isChanged := fileOf(again, []*Remote{r})
		if len(isChanged) > 0 && string(next.YAML()) != string(again.YAML()) {
			t.Fatalf("the second pull makes\n%s\nof\n%s\nafter\n%s", next.YAML(), result, text)
		}
	})
}

const commentedSeed = "# a\nname: a # b\nparameters:\n  # c\n  x: 'Ana' # d\nlanguages:\n  # e\n  en: # f\n    # g\n    body: |\n      # no\n      {{x}}\n\n    # h\n    buttons: # i\n    - type: url # j\n      url: \"https://a/{{x}}\"\n    # k\n    - {type: quick_reply, text: A} # l\n# m\n"
