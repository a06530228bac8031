package templates_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/templates"
)

// FuzzDiff compares a template of an account with files of it and of others.
func FuzzDiff(f *testing.F) {
	for _, text := range []string{orderFile, codeFile, mediaFile, cardsFile} {
		file, err := templates.Parse("a.yaml", []byte(text))
		if err != nil {
			f.Fatal(err)
		}
		definition, err := json.Marshal(remoteOf(file, "en").MessageTemplate)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(definition), 60)
	}
	f.Add(`{"name":"order_update","language":"en","status":"approved","content":"Hi {{1}}","header_type":"image","buttons":[{"type":"URL","url":"https://a.example/{{1}}","example":"x"}]}`, -1)
	f.Add(`{"name":"order_update","language":"en","status":"approved","category":"AUTHENTICATION","components":[{"type":"BODY","text":"*{{1}}* is your code. Keep it."},{"type":"BUTTONS","buttons":[{"type":"URL","url":"https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}]}]}`, 0)
	f.Add(`{"name":"order_update","language":"en","status":"approved","components":[{"type":"BODY","text":"*{{1}}* is your code."},{"type":"BUTTONS","buttons":[{"type":"URL","url":"https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}]}]}`, 0)
	f.Add(`{"name":"order_update","language":"en","components":[{"type":"body","example":{"body_text":[[]]}},{"type":"carousel","cards":[{}]},{"type":"limited_time_offer"},{"type":"x","text":"{{"}]}`, 0)
	f.Fuzz(func(t *testing.T, definition string, ttl int) {
		r := &templates.Remote{TTLSeconds: ttl}
		if json.Unmarshal([]byte(definition), &r.MessageTemplate) != nil {
			t.Skip("no definition")
		}
		remotes := []*templates.Remote{r}
		for _, d := range templates.Diff(templates.FromRemotes(remotes), remotes) {
			if d.State == templates.DiffChanged || d.State == templates.DiffNew {
				t.Errorf("what was just pulled is %s: %+v", d.State, d.Changes)
			}
		}
		r.Name, r.Language = "order_update", "en"
		order := fileNamed(t, "a.yaml", orderFile)
		files := []*templates.File{order, fileNamed(t, "b.yaml", codeFile), fileNamed(t, "c.yaml", cardsFile)}
		differences := templates.Diff(files, remotes)
		for _, c := range differences[0].Changes {
			if c.Line == 0 || c.Before == c.After || !strings.HasPrefix(c.Field, "languages.en") && c.Field != "category" && c.Field != "ttl_seconds" && !strings.HasPrefix(c.Field, "parameters.") {
				t.Errorf("%+v", c)
			}
		}
		if err := errors.Join(templates.WriteDiff(io.Discard, differences), templates.NewPlan(files, remotes, cloudAbilities, templates.PlanOptions{Prune: true}).Write(io.Discard)); err != nil {
			t.Error(err)
		}
	})
}

// FuzzRefusal reads refusals of an account that may say anything.
func FuzzRefusal(f *testing.F) {
	f.Add("components[3].buttons[0].url", `{"error":{"code":"invalid_field_value","param":"components[0].text"}}`)
	f.Add("template.components[1].example.body_text[0][1]", `{"error":{"message":"(#100) Param components[3]['buttons'][1]['text'] must be","code":100,"error_subcode":2388072,"fbtrace_id":"A"}}`)
	f.Add("components[99999999999999999999].cards[-1].components[1]", `<html>`)
	f.Fuzz(func(t *testing.T, param, body string) {
		refusal := kirim.DecodeError(400, http.Header{}, []byte(body))
		refusal.Param = param
		for _, text := range []string{orderFile, cardsFile, codeFile} {
			account := refusing{err: refusal}
			_, err := templates.Push(t.Context(), account, []*templates.File{fileNamed(t, "a.yaml", text)}, templates.PushOptions{WithoutLint: true})
			var refused *templates.PushError
			if !errors.As(err, &refused) || refused.Line == 0 || strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Errorf("%v", err)
			}
		}
	})
}

// refusing is an empty account that refuses creations.
type refusing struct {
	templates.Account

	err error
}

func (refusing) Abilities() templates.Abilities { return kirimAbilities }

func (refusing) List(context.Context) ([]*templates.Remote, error) { return nil, nil }

func (r refusing) Create(context.Context, kirim.TemplateCreateParams) (*templates.Remote, error) {
	return nil, r.err
}
