package templates

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kirim-go/kirim"
)

// Kirim returns the templates of a number at Kirim, which can create and list
// templates, but neither edit nor delete them. Each list first lets Kirim bring its
// copies up to date with Meta.
//
// Docs: https://docs.kirimdev.com/sending/create-templates/
func Kirim(number *kirim.PhoneNumber) Account {
	if number == nil || number.Templates == nil {
		number = new(kirim.Client).PhoneNumber("") // whose calls say so
	}
	return &kirimAccount{number.Templates}
}

type kirimAccount struct{ templates *kirim.TemplatesService }

// Abilities implements [Account].
func (a *kirimAccount) Abilities() Abilities { return Abilities{System: "Kirim", Links: true} }

// List implements [Account].
func (a *kirimAccount) List(ctx context.Context) ([]*Remote, error) {
	if _, err := a.templates.Sync(ctx); err != nil {
		return nil, err
	}
	var remotes []*Remote
	for t, err := range a.templates.All(ctx, kirim.TemplateListParams{Status: kirim.TemplateStatusAll, Limit: 100}) {
		if err != nil {
			return nil, err
		}
		remotes = append(remotes, kirimRemote(t))
	}
	return remotes, nil
}

// Get returns one template. That Kirim looks at Meta for it is not documented: its guide
// names this call and a sync as the ways to wait for a verdict.
func (a *kirimAccount) Get(ctx context.Context, name, language string) (*Remote, error) {
	t, err := a.templates.Get(ctx, name, language)
	if err != nil {
		return nil, err
	}
	if t.Language != "" && t.Language != language { // that Kirim looks at the language is assumed
		return nil, errGone
	}
	return kirimRemote(t), nil
}

// kirimRemote reads what no page of Kirim's shows where it is there all the same, by
// the names of Meta's API.
func kirimRemote(t *kirim.MessageTemplate) *Remote {
	r := &Remote{MessageTemplate: *t}
	r.Status = kirim.TemplateStatus(strings.ToLower(string(t.Status)))
	for name, into := range map[string]any{"messageSendTtlSeconds": &r.TTLSeconds, "message_send_ttl_seconds": &r.TTLSeconds, "rejected_reason": &r.RejectedReason} {
		if raw, found := t.Extra[name]; found {
			_ = json.Unmarshal(raw, into) // what it is not stays empty
		}
	}
	r.RejectedReason = reasonOf(r.RejectedReason)
	return r
}

// reasonOf is a reason for a rejection; Meta writes NONE for none.
func reasonOf(reason string) string {
	if strings.EqualFold(reason, "none") {
		return ""
	}
	return reason
}

// Create implements [Account]. The idempotency key is made of the template, so that a
// creation whose response was lost is not carried out again by the next push, for the
// 24 hours that Kirim remembers it.
//
// Docs: https://developers.kirim.chat/concepts/idempotency/
func (a *kirimAccount) Create(ctx context.Context, params kirim.TemplateCreateParams) (*Remote, error) {
	text, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	sum := sha256.Sum256(text)
	var response kirim.Response
	created, err := a.templates.Create(ctx, params, kirim.WithIdempotencyKey("template-"+hex.EncodeToString(sum[:])), kirim.WithResponse(&response))
	replayed := strings.EqualFold(response.Header.Get("Idempotent-Replayed"), "true")
	switch {
	case err == nil && replayed: // which may have been deleted since
		if now, gone := a.Get(ctx, params.Name, params.Language); gone == nil {
			return now, nil
		} else if !isGone(gone) {
			return kirimRemote(created), nil
		}
		created, err = a.templates.Create(ctx, params)
	case kirim.IsIdempotencyReuse(err), err != nil && replayed && !kirim.MaybeSent(err):
		// The key was used for another number, or what it got was the refusal of an earlier
		// push, which says nothing of today. Nothing was created under it.
		created, err = a.templates.Create(ctx, params)
	}
	if err != nil {
		return nil, err
	}
	return kirimRemote(created), nil
}

// Update implements [Account].
func (a *kirimAccount) Update(context.Context, *Remote, kirim.TemplateCreateParams) error {
	return fmt.Errorf("templates: Kirim has no operation that edits a template: %w", errors.ErrUnsupported)
}

// Delete implements [Account].
func (a *kirimAccount) Delete(context.Context, *Remote) error {
	return fmt.Errorf("templates: Kirim has no operation that deletes a template: %w", errors.ErrUnsupported)
}
