package templates

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// An account returns a template for one-time codes with the texts that Meta wrote, and
// its button as one of type URL, whose link says of which kind it was. Both is read
// back as what asks Meta for it. Assumed, as no page says it: the link has the members
// otp_type, cta_display_name, package_name and signature_hash; a second sentence of the
// body is the recommendation; the number in the footer is that of the minutes.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/copy-code-button-authentication-templates

func isOTP(b kirim.ButtonDefinition) bool {
	return b.Type == "OTP" || b.Type == "URL" && strings.Contains(b.URL, "whatsapp.com/otp/") && otpQuery(b) != nil
}

// isOneTimeCode reports a template with the button of a one-time code. Its components
// are normalized.
func isOneTimeCode(components []kirim.ComponentDefinition) bool {
	return slices.ContainsFunc(components, func(c kirim.ComponentDefinition) bool {
		return c.Type == "BUTTONS" && slices.ContainsFunc(c.Buttons, isOTP)
	})
}

func normalizeOneTimeCode(components []kirim.ComponentDefinition) {
	minutes := 0 // as the link has them
	for _, b := range buttonsOf(components) {
		minutes = cmp.Or(minutes, minutesIn(otpQuery(b).Get("code_expiration_minutes")))
	}
	for i := range components {
		switch c := &components[i]; c.Type {
		case "BODY":
			c.AddSecurityRecommendation = c.AddSecurityRecommendation || hasSecondSentence(c.Text)
			c.Text, c.Example = "", nil
		case "FOOTER":
			c.CodeExpirationMinutes = cmp.Or(c.CodeExpirationMinutes, minutes, minutesIn(c.Text))
			if c.CodeExpirationMinutes != 0 {
				c.Text = ""
			}
		case "BUTTONS":
			for j := range c.Buttons {
				if b := &c.Buttons[j]; isOTP(*b) {
					normalizeOTP(b)
				}
			}
		}
	}
}

func normalizeOTP(b *kirim.ButtonDefinition) {
	link := otpQuery(*b)
	b.OTPType = cmp.Or(b.OTPType, strings.ToUpper(link.Get("otp_type")))
	b.AutofillText = cmp.Or(b.AutofillText, link.Get("cta_display_name"))
	if name := link.Get("package_name"); name != "" && len(b.SupportedApps) == 0 {
		b.SupportedApps = []kirim.TemplateApp{{PackageName: name, SignatureHash: link.Get("signature_hash")}}
	}
	b.Type, b.URL, b.Example = "OTP", "", nil
}

var (
	afterCode = regexp.MustCompile(`\{\{[A-Za-z0-9_]+\}\}[^.!。!।۔։]*[.!。!।۔։]\s*\S`)
	digits    = regexp.MustCompile(`\p{Nd}+`)
)

// hasSecondSentence reports whether a text goes on after the sentence with the code.
func hasSecondSentence(text string) bool { return afterCode.MatchString(text) }

// minutesIn is the number in a text, 0 for none or several.
func minutesIn(text string) int {
	found := digits.FindAllString(text, -1)
	if len(found) != 1 {
		return 0
	}
	ascii := strings.Map(func(r rune) rune {
		for _, zero := range "0٠۰०০" { // of the scripts of Meta's languages
			if r >= zero && r <= zero+9 {
				return '0' + r - zero
			}
		}
		return r
	}, found[0])
	minutes, _ := strconv.Atoi(ascii) // 0 for the digits of another script
	return minutes
}
