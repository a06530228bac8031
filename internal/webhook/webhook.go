// Package webhook is what the verifiers of all systems have in common.
package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Values returns the values of a header in whatever case its name is spelt:
// what did not come through net/http, such as the events of a function
// behind a gateway, often has lower case. The name is in canonical form.
func Values(header http.Header, name string) []string {
	values, shared := header[name], true
	for other, more := range header {
		if len(other) == len(name) && other != name && strings.EqualFold(other, name) {
			if shared { // not to write into the caller's
				values, shared = append([]string(nil), values...), false
			}
			values = append(values, more...)
		}
	}
	return values
}

// Value returns the first of the values, those under the canonical name before others.
func Value(header http.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	if values := Values(header, name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// CheckSecret says what makes a text no secret, mostly what clings to one
// that was copied or read from a file. The error does not show the secret.
func CheckSecret(secret string) error {
	switch {
	case secret == "":
		return errors.New("is empty")
	case strings.TrimSpace(secret) != secret:
		return errors.New("has white space at an end; trim what was read from a file or the environment")
	}
	for i, c := range secret {
		if what := unfit(c, secret[i:]); what != "" {
			return fmt.Errorf("has %s at byte %d of %d; take only the secret itself", what, i, len(secret))
		}
	}
	return nil
}

func unfit(c rune, from string) string {
	switch {
	case c == utf8.RuneError && !strings.HasPrefix(from, string(utf8.RuneError)):
		return "bytes that are not UTF-8"
	case c == '\ufeff':
		return "a byte order mark"
	case c == '"', c == '\'', c == '`', unicode.Is(unicode.Quotation_Mark, c):
		return "a quotation mark"
	case unicode.IsControl(c), c != ' ' && unicode.IsSpace(c):
		return "a control character or white space"
	case unicode.In(c, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return "an invisible character"
	}
	return ""
}
