package templates

import (
	"strconv"
	"strings"

	"github.com/kirim-go/kirim"
)

// language returns what the account says in the typed form of a file, as far as that
// can express it.
func (s statement) language(names *languageNames) Language {
	l := Language{Code: s.code, Unknown: s.unknown()}
	for _, c := range s.components {
		switch c.Type {
		case "HEADER":
			l.Header = s.header(names, c, 0)
		case "LIMITED_TIME_OFFER":
			if c.LimitedTimeOffer != nil {
				l.Offer = &Offer{Text: c.LimitedTimeOffer.Text, Expires: c.LimitedTimeOffer.HasExpiration}
			}
		case "BODY":
			l.Body = s.text(names, c, place{part: partBody})
			l.SecurityRecommendation = c.AddSecurityRecommendation
		case "FOOTER":
			l.Footer, l.CodeExpirationMinutes = c.Text, c.CodeExpirationMinutes
		case "BUTTONS":
			l.Buttons = s.buttons(names, c.Buttons, 0)
		case "CAROUSEL":
			for i, card := range c.Cards {
				l.Cards = append(l.Cards, s.card(names, card, i+1))
			}
		}
	}
	return l
}

func (s statement) card(names *languageNames, definition kirim.CardDefinition, number int) (card Card) {
	for _, c := range definition.Components {
		switch c.Type {
		case "HEADER":
			card.Header = s.header(names, c, number)
		case "BODY":
			card.Body = s.text(names, c, place{card: number, part: partBody})
		case "BUTTONS":
			card.Buttons = s.buttons(names, c.Buttons, number)
		}
	}
	return card
}

func (s statement) header(names *languageNames, c kirim.ComponentDefinition, card int) *Header {
	media := mediaOf(c.Example)
	switch c.Format {
	case "IMAGE":
		return &Header{Image: &media}
	case "VIDEO":
		return &Header{Video: &media}
	case "DOCUMENT":
		return &Header{Document: &media}
	case "LOCATION":
		return &Header{Location: true}
	case "PRODUCT":
		return &Header{Product: true}
	}
	return &Header{Text: s.text(names, c, place{card: card, part: partHeader})}
}

// text returns the text of a header or a body with the names of the file.
func (s statement) text(names *languageNames, c kirim.ComponentDefinition, p place) string {
	var samples []string
	var named []kirim.NamedSample
	if e := c.Example; e != nil {
		samples, named = e.HeaderText, e.HeaderNamed
		if p.part == partBody {
			named = e.BodyNamed
			if len(e.BodyText) > 0 {
				samples = e.BodyText[0]
			}
		}
	}
	if s.format != kirim.TemplateNamed {
		return s.numbered(names, c.Text, samples, p)
	}
	for _, match := range variable.FindAllStringSubmatch(c.Text, -1) {
		sample := ""
		for _, n := range named {
			if n.Name == match[1] {
				sample = n.Example
			}
		}
		names.namedVariable(match[1], sample, p)
	}
	return strings.TrimRight(c.Text, "\n")
}

// numbered returns a text whose variables have numbers with the names of the file.
func (s statement) numbered(names *languageNames, text string, samples []string, p place) string {
	text = variable.ReplaceAllStringFunc(text, func(match string) string {
		number, err := strconv.Atoi(match[2 : len(match)-2])
		if err != nil || number < 1 {
			return match
		}
		p.number = number
		sample := ""
		if number <= len(samples) {
			sample = samples[number-1]
		}
		return "{{" + names.variable(p, sample) + "}}"
	})
	return strings.TrimRight(text, "\n")
}

func (s statement) buttons(names *languageNames, definitions []kirim.ButtonDefinition, card int) []Button {
	buttons := make([]Button, len(definitions))
	for i, d := range definitions {
		b := Button{
			Type: ButtonType(strings.ToLower(d.Type)), Text: d.Text, PhoneNumber: d.PhoneNumber,
			OTPType: strings.ToLower(d.OTPType), AutofillText: d.AutofillText, TermsAccepted: d.ZeroTapTermsAccepted,
			FlowID: d.FlowID, FlowName: d.FlowName, FlowJSON: d.FlowJSON, FlowAction: d.FlowAction, Screen: d.NavigateScreen,
			TTLMinutes: d.TTLMinutes,
		}
		for _, app := range d.SupportedApps {
			b.Apps = append(b.Apps, App{PackageName: app.PackageName, SignatureHash: app.SignatureHash})
		}
		b.URL = s.numbered(names, d.URL, d.Example, place{card: card, part: partButton, button: i + 1})
		if d.Type == "COPY_CODE" {
			b.Code = s.numbered(names, "{{1}}", d.Example, place{card: card, part: partCoupon})
		}
		buttons[i] = b
	}
	return buttons
}
