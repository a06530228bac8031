package kirim

import (
	"errors"
	"fmt"
)

// TemplateContent returns the content of a message from what a function that makes a
// template returns, so that its error is reported like all else that is wrong with
// the message:
//
//	kirim.OutboundMessage{To: to, Content: kirim.TemplateContent(order.Template())}
//
// With an err, [OutboundMessage.Validate] and each send return a [*ValidationError],
// and nothing is sent. It has the violations of err, if err is one. Any other err is
// one violation, which tells its type alone, and [errors.Is] finds err in it. Code that
// is generated from templates uses it.
func TemplateContent(t Template, err error) Content {
	if err != nil {
		return failedTemplate{err}
	}
	return t
}

// failedTemplate is a template that could not be made.
type failedTemplate struct{ cause error }

func (c failedTemplate) kind() string { return Template{}.kind() }

func (c failedTemplate) object(dialect) (any, error) {
	found := &checker{}
	c.check(found)
	return nil, found.err()
}

func (c failedTemplate) check(found *checker) {
	var e *ValidationError
	if errors.As(c.cause, &e) && e != nil && len(e.Violations) > 0 {
		found.violations = append(found.violations, e.Violations...)
		found.cause = e.cause
		return
	}
	found.add("template", "a template", fmt.Sprintf("an error of type %T", c.cause))
	found.cause = c.cause
}
