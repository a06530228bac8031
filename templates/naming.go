package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/kirim-go/kirim"
)

// place is where a template has a variable.
type place struct {
	card   int // from 1; 0 outside of the cards
	part   int // partHeader …
	button int // from 1; 0 outside of the buttons
	number int // of the variable in its component, from 1
}

const (
	partHeader = iota
	partBody
	partCoupon
	partButton
)

// name is the name of a variable that has none.
func (p place) name() string {
	name := ""
	if p.card > 0 {
		name = fmt.Sprintf("card_%d_", p.card)
	}
	switch p.part {
	case partHeader:
		name += "header"
	case partBody:
		return name + "body_" + strconv.Itoa(p.number)
	case partCoupon:
		name += "coupon"
	case partButton:
		name += "button_" + strconv.Itoa(p.button)
	}
	if p.number > 1 {
		name += "_" + strconv.Itoa(p.number)
	}
	return name
}

// component is the place without its number.
func (p place) component() place {
	p.number = 0
	return p
}

func comparePlaces(a, b place) int {
	return cmp.Or(a.card-b.card, a.part-b.part, a.button-b.button, a.number-b.number)
}

// naming gives the variables of an account their names in a file.
type naming struct {
	taken    map[string]bool  // names that an invented one must not be
	invented map[place]string // the same in all languages
	places   map[string]place // of the names that were invented
	named    []string         // names that the account has, in the order of the texts
}

// use is a variable in a language, with its name in the file.
type use struct {
	name, sample string
	place        place
}

// languageNames gives names to the variables of one language.
type languageNames struct {
	*naming
	known []map[place]string // names that the file has for the places, the best ones first
	uses  []use
}

// variable returns the name of a variable that has a number in the account.
func (l *languageNames) variable(p place, sample string) string {
	candidates := make([]string, 0, len(l.known)+1)
	for _, names := range l.known {
		candidates = append(candidates, names[p])
	}
	candidates = append(candidates, l.invented[p])
	for _, name := range candidates {
		if name != "" && l.fits(name, p, sample) {
			l.uses = append(l.uses, use{name, sample, p})
			return name
		}
	}
	name := p.name()
	for i := 2; l.taken[name] || !l.fits(name, p, sample); i++ {
		name = p.name() + "_" + strconv.Itoa(i)
	}
	l.taken[name], l.invented[p], l.places[name] = true, name, p
	l.uses = append(l.uses, use{name, sample, p})
	return name
}

// fits reports whether a name can stand at a place: it has one number in a component,
// and one sample in a language.
func (l *languageNames) fits(name string, p place, sample string) bool {
	return !slices.ContainsFunc(l.uses, func(u use) bool {
		return u.name == name && (u.place.component() == p.component() && u.place.number != p.number ||
			u.sample != sample && u.sample != "" && sample != "")
	})
}

// namedVariable takes in a variable that has a name in the account.
func (l *languageNames) namedVariable(name, sample string, p place) {
	l.uses = append(l.uses, use{name, sample, p})
	if !slices.Contains(l.named, name) {
		l.named = append(l.named, name)
	}
}

// placesIn returns the names that a language of a file has at its places. The buttons
// are at those of the account that are the same ones, wherever they stand there.
func (f *File) placesIn(l *Language, s statement) map[place]string {
	names := make(map[place]string)
	if len(l.Components) > 0 {
		return names
	}
	text := func(text string, p place) {
		for i, name := range f.variables(text) {
			p.number = i + 1
			names[p] = name
		}
	}
	add := func(card int, header *Header, body string, buttons []Button, theirs []kirim.ComponentDefinition) {
		if header != nil {
			text(header.Text, place{card: card, part: partHeader})
		}
		text(body, place{card: card, part: partBody})
		for i, j := range matchButtons(buttons, buttonsOf(theirs)) {
			if j >= 0 {
				text(buttons[j].URL, place{card: card, part: partButton, button: i + 1})
				text(buttons[j].Code, place{card: card, part: partCoupon})
			}
		}
	}
	add(0, l.Header, l.Body, l.Buttons, s.components)
	for i, card := range l.Cards {
		if theirs := cardsOf(s.components); i < len(theirs) {
			add(i+1, card.Header, card.Body, card.Buttons, theirs[i].Components)
		}
	}
	return names
}

func buttonsOf(components []kirim.ComponentDefinition) []kirim.ButtonDefinition {
	for _, c := range components {
		if c.Type == "BUTTONS" {
			return c.Buttons
		}
	}
	return nil
}

func cardsOf(components []kirim.ComponentDefinition) []kirim.CardDefinition {
	for _, c := range components {
		if c.Type == "CAROUSEL" {
			return c.Cards
		}
	}
	return nil
}
