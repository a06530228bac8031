package kirimtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

func TestTemplatesOfEveryKindAreCreatedAsMetaTakesThem(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/templates/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no templates", err)
	}
	s, _ := inMemory(t, WithMetaMessages(), WithPlan(Pro()))
	client, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	templates := client.PhoneNumber(s.PhoneNumberID).Templates
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var params kirim.TemplateCreateParams
		if err := json.Unmarshal(data, &params); err != nil {
			t.Fatal(err)
		}
		params.ParameterFormat = kirim.TemplatePositional
		if _, err := templates.Create(t.Context(), params); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		d, err := templates.Get(t.Context(), params.Name, params.Language)
		if err != nil || !d.Complete() || d.ParameterFormat != kirim.TemplatePositional {
			t.Errorf("%s: %v, %+v", file, err, d)
		}
	}
}

func TestOnlyWhatMetaTakesHasPlacesCarouselsAndOffers(t *testing.T) {
	t.Parallel()
	const cards = `"cards":[{"components":[{"type":"BODY","text":"x"}]},{"components":[{"type":"BODY","text":"x"}]}]`
	component := func(part string) string { return newTemplate("a", bodyPart+","+part) }
	for name, tt := range map[string]struct {
		body               string
		strict, asMeta     string // the code of the refusal
		param, asMetaParam string
	}{
		"types in lower case":   {newTemplate("a", strings.ToLower(bodyPart)), invalid, "", "components[0].type", ""},
		"a place":               {component(`{"type":"HEADER","format":"LOCATION"}`), invalid, "", "components[1].format", ""},
		"a carousel":            {component(`{"type":"CAROUSEL",` + cards + `}`), invalid, "", "components[1].type", ""},
		"one card":              {component(`{"type":"CAROUSEL","cards":[{}]}`), invalid, invalid, "components[1].type", "components[1].cards"},
		"an offer":              {component(`{"type":"limited_time_offer","limited_time_offer":{"text":"x"}}`), invalid, "", "components[1].type", ""},
		"an offer without any":  {component(`{"type":"LIMITED_TIME_OFFER"}`), invalid, missing, "components[1].type", "components[1].limited_time_offer"},
		"another type":          {component(`{"type":"HOLOGRAM"}`), invalid, invalid, "components[1].type", "components[1].type"},
		"no type":               {component(`{}`), missing, missing, "components[1].type", "components[1].type"},
		"another format":        {strings.Replace(newTemplate("a", bodyPart), `"name"`, `"parameter_format":"roman","name"`, 1), invalid, invalid, "parameter_format", "parameter_format"},
		"a format in any case":  {strings.Replace(newTemplate("a", bodyPart), `"name"`, `"parameter_format":"NAMED","name"`, 1), "", "", "", ""},
		"media without samples": {component(`{"type":"HEADER","format":"IMAGE"}`), missing, missing, "components[1].example", "components[1].example"},
	} {
		strict, _ := inMemory(t)
		if r := do(t, strict, "POST", numberPath(strict)+"/templates", tt.body); r.code() != tt.strict || r.param() != tt.param {
			t.Errorf("%s: %s %s, want %s %s", name, r.code(), r.param(), tt.strict, tt.param)
		}
		open, _ := inMemory(t, WithMetaMessages())
		if r := do(t, open, "POST", numberPath(open)+"/templates", tt.body); r.code() != tt.asMeta || r.param() != tt.asMetaParam {
			t.Errorf("%s, as Meta takes it: %s %s, want %s %s", name, r.code(), r.param(), tt.asMeta, tt.asMetaParam)
		}
	}
}
