package kirim

import (
	"context"
	"errors"
)

// templateChecker is a [TemplateCatalog]. As it is an interface, a program without a
// catalog does not link one, nor what checks templates.
type templateChecker interface {
	claim(baseURL, apiKey string) error
	check(ctx context.Context, templates TemplatesService, t Template) error
}

// checkTemplates holds the templates among what a call may send against their
// definitions. What was let pass once under a key passes again: it may have been
// sent.
func (s *MessagesService) checkTemplates(ctx context.Context, key string, messages []OutboundMessage) error {
	key = originalKey(key, templateKey)
	checked := false
	for _, m := range messages {
		var template Template
		switch content := m.Content.(type) {
		case Template:
			template = content
		case *Template:
			template = *content
		default:
			continue
		}
		if !checked && key != "" {
			if _, passed := s.settings.passed.lookup(key); passed {
				return nil
			}
		}
		checked = true
		if err := s.settings.catalog.check(ctx, TemplatesService{s.client, s.phoneNumberID}, template); err != nil {
			return err
		}
	}
	if checked && key != "" {
		s.settings.passed.remember(key, true)
	}
	return nil
}

// rememberDoubt lets the retry of a call pass whose outcome is in doubt. Its error
// has the key, which the caller need not have chosen.
func (s *MessagesService) rememberDoubt(err error) {
	if !MaybeSent(err) {
		return
	}
	key := ""
	var answer *Error
	var failed *TransportError
	switch {
	case errors.As(err, &answer):
		key = answer.IdempotencyKey
	case errors.As(err, &failed):
		key = failed.IdempotencyKey
	}
	if key != "" {
		s.settings.passed.remember(originalKey(key, templateKey), true)
	}
}
