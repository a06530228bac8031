package kirim

import (
	"strconv"
	"strings"
)

const interactivePath = "interactive"

func (c ReplyButtons) check(found *checker) {
	c.Header.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	path := interactivePath + ".action.buttons"
	found.count(path, len(c.Buttons), limitReplyButtons)
	found.replies(path, ".reply", c.Buttons)
}

func (c List) check(found *checker) {
	Header{Text: c.Header}.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	found.text(interactivePath+".action.button", c.Button, limitListButton)

	path := interactivePath + ".action.sections"
	found.count(path, len(c.Sections), limitSections)
	titles, rows, ids := limitSectionTitle, 0, map[string]string{}
	if len(c.Sections) > 1 {
		titles = limitSeveralSectionsTitle
	}
	for i, section := range c.Sections {
		path := atIndex(path, i)
		found.text(path+".title", section.Title, titles)
		found.count(path+".rows", len(section.Rows), limitSectionRows)
		rows += len(section.Rows)
		for j, row := range section.Rows {
			path := atIndex(path+".rows", j)
			found.text(path+".id", row.ID, limitRowID)
			found.text(path+".title", row.Title, limitRowTitle)
			found.text(path+".description", row.Description, limitRowDescription)
			found.unique(ids, path+".id", row.ID)
		}
	}
	if rows > limitRows.max { // a section without rows is reported already
		found.add(path, limitRows.String()+" in all sections", quantity(rows, limitRows.unit))
	}
}

func (c CTAURL) check(found *checker) {
	c.Header.check(found, interactivePath+".header")
	found.bodyAndFooter(c.Body, c.Footer)
	found.urlButton(interactivePath+".action.parameters", c.DisplayText, c.URL)
}

func (c Carousel) check(found *checker) {
	found.bodyAndFooter(c.Body, "")
	path := interactivePath + ".action.cards"
	found.count(path, len(c.Cards), limitCards)
	for i, card := range c.Cards {
		card.check(found, atIndex(path, i))
		if card.Header.kind() != c.Cards[0].Header.kind() {
			found.add(atIndex(path, i)+".header.type", "the same on all cards", "another than on the first")
		}
		// As of May 2026, on the page that limitCards names.
		if card.buttons() != c.Cards[0].buttons() {
			found.add(atIndex(path, i)+".action", "the same number and kind of buttons on all cards", "others than on the first")
		}
	}
}

// cardButtons is what all cards of a carousel have in common.
type cardButtons struct {
	quickReplies bool
	number       int
}

func (c CarouselCard) buttons() cardButtons {
	if c.QuickReplies == nil {
		return cardButtons{number: 1}
	}
	return cardButtons{quickReplies: true, number: len(c.QuickReplies)}
}

func (c CarouselCard) check(found *checker, path string) {
	c.Header.check(found, path+".header")
	if kind := c.Header.kind(); kind != "image" && kind != "video" {
		found.add(path+".header", "one of image and video", "none of them")
	}
	found.text(path+".body.text", c.Body, limitCardBody)
	found.count(path+".body.text", strings.Count(c.Body, "\n"), limitCardBreaks)
	if c.QuickReplies == nil {
		found.urlButton(path+".action.parameters", c.DisplayText, c.URL)
		return
	}
	if c.DisplayText != "" || c.URL != "" {
		found.add(path+".action", "one of a URL button and quick replies", "both")
	}
	found.count(path+".action.buttons", len(c.QuickReplies), limitCardQuickReply)
	found.replies(path+".action.buttons", ".quick_reply", c.QuickReplies)
}

func (h Header) check(c *checker, path string) {
	c.text(path+".text", h.Text, limitTextHeader)
	c.text(path+".sub_text", h.SubText, limitTextHeader)
	c.text(path+".document.filename", h.Filename, limitNone)
	set := 0
	if h.Text != "" {
		set++
	}
	for _, media := range [...]struct{ kind, link, id string }{
		{"image", h.Image, h.ImageID}, {"video", h.Video, h.VideoID}, {"document", h.Document, h.DocumentID},
	} {
		if media.link == "" && media.id == "" {
			continue
		}
		set++
		path := path + "." + media.kind
		c.source(path, media.link, media.id)
		if media.link != "" {
			c.https(path+".link", media.link)
		}
		c.text(path+".id", media.id, limitNone)
	}
	if set > 1 || set == 0 && h != (Header{}) {
		c.add(path, "one of text, image, video and document", strconv.Itoa(set)+" of them")
	}
	if h.SubText != "" && h.kind() != "text" {
		c.add(path+".sub_text", "none without a text", "some")
	}
	if h.Filename != "" && h.kind() != "document" {
		c.add(path+".document.filename", "none without a document", "some")
	}
	if h.Type != "" && h.Type != h.kind() {
		c.add(path+".type", "the kind of what the header holds", "another")
	}
}

func (c *checker) bodyAndFooter(body, footer string) {
	c.text(interactivePath+".body.text", body, limitBody)
	c.text(interactivePath+".footer.text", footer, limitFooter)
}

func (c *checker) urlButton(path, label, link string) {
	c.text(path+".display_text", label, limitDisplayText)
	c.https(path+".url", link)
}

func (c *checker) replies(path, object string, replies []ReplyButton) {
	ids, titles := map[string]string{}, map[string]string{}
	for i, reply := range replies {
		path := atIndex(path, i) + object
		c.text(path+".id", reply.ID, limitReplyID)
		c.text(path+".title", reply.Title, limitReplyTitle)
		// https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml
		if strings.TrimSpace(reply.ID) != reply.ID {
			c.add(path+".id", "no leading or trailing spaces", "some")
		}
		c.unique(ids, path+".id", reply.ID)
		c.unique(titles, path+".title", reply.Title)
	}
}
