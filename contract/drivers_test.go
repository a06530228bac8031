package contract

import (
	"context"
	"time"

	"github.com/kirim-go/kirim"
)

var clientDrivers = []driver{}

func on(c *kirim.Client) *kirim.PhoneNumber { return c.PhoneNumber(number) }

const (
	recipient = "+6281100000001"
	wamid     = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI="
	link      = "https://example.com/file"
)

// twice drives a method whose parameters are all required.
func twice(method, operation string, do act) driver {
	return driver{method, operation, []act{do}, []act{do}}
}

// send is a call of Send.
func send(m kirim.OutboundMessage) act {
	return func(ctx context.Context, c *kirim.Client) (any, error) { return on(c).Messages.Send(ctx, m) }
}

// sends makes a call for each content.
func sends(replyTo string, contents ...kirim.Content) []act {
	var acts []act
	for _, content := range contents {
		acts = append(acts, send(kirim.OutboundMessage{To: recipient, Content: content, ReplyTo: replyTo}))
	}
	return acts
}

// contents are messages of every kind, with all that can be said in each.
var contents = []kirim.Content{
	kirim.Text{Body: "Your order is ready.", PreviewURL: true},
	kirim.Image{Link: link, Caption: "a caption"},
	kirim.Image{ID: "1234", Caption: "a caption"},
	kirim.Video{Link: link, Caption: "a caption"},
	kirim.Video{ID: "1234"},
	kirim.Audio{Link: link},
	kirim.Audio{ID: "1234"},
	kirim.Document{Link: link, Caption: "a caption", Filename: "invoice.pdf"},
	kirim.Document{ID: "1234"},
	kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{
		kirim.HeaderDocument(link, "invoice.pdf"), kirim.BodyText("Budi", "4711"),
		kirim.URLButton(0, "4711"), kirim.QuickReplyButton(1, "stop"), kirim.CopyCodeButton(2, "SALE"),
	}},
	kirim.Template{Name: "sale", Language: "en_US", Components: []kirim.Component{
		kirim.OfferExpires(time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)),
		kirim.TemplateCards(
			[]kirim.Component{kirim.HeaderImage(link), kirim.BodyText("one")},
			[]kirim.Component{kirim.HeaderVideo(link), kirim.QuickReplyButton(0, "two")},
		),
	}},
	kirim.Template{Name: "login_code", Language: "id", Components: kirim.OneTimeCode("123456")},
	kirim.ReplyButtons{Header: kirim.Header{Text: "Question"}, Body: "Is it?", Footer: "Reply", Buttons: []kirim.ReplyButton{
		{ID: "y", Title: "Yes"}, {ID: "n", Title: "No"},
	}},
	kirim.ReplyButtons{Header: kirim.Header{Image: link}, Body: "Is it?", Buttons: []kirim.ReplyButton{{ID: "y", Title: "Yes"}}},
	kirim.ReplyButtons{Header: kirim.Header{Video: link}, Body: "Is it?", Buttons: []kirim.ReplyButton{{ID: "y", Title: "Yes"}}},
	kirim.ReplyButtons{Header: kirim.Header{Document: link}, Body: "Is it?", Buttons: []kirim.ReplyButton{{ID: "y", Title: "Yes"}}},
	kirim.List{Header: "Menu", Body: "Choose", Footer: "Thanks", Button: "Open", Sections: []kirim.ListSection{
		{Title: "Food", Rows: []kirim.ListRow{{ID: "1", Title: "Rice", Description: "white"}}},
		{Title: "Drinks", Rows: []kirim.ListRow{{ID: "2", Title: "Tea"}}},
	}},
	kirim.CTAURL{Header: kirim.Header{Text: "News"}, Body: "See", Footer: "Thanks", DisplayText: "Open", URL: link},
	kirim.CTAURL{Header: kirim.Header{Image: link}, Body: "See", DisplayText: "Open", URL: link},
	kirim.CTAURL{Header: kirim.Header{Video: link}, Body: "See", DisplayText: "Open", URL: link},
	kirim.CTAURL{Header: kirim.Header{Document: link}, Body: "See", DisplayText: "Open", URL: link},
	kirim.Carousel{Body: "Look", Cards: []kirim.CarouselCard{
		{Header: kirim.Header{Image: link}, Body: "one", DisplayText: "Open", URL: link},
		{Header: kirim.Header{Image: link}, QuickReplies: []kirim.ReplyButton{{ID: "y", Title: "Yes"}}},
	}},
	kirim.Carousel{Body: "Look", Cards: []kirim.CarouselCard{
		{Header: kirim.Header{Video: link}, DisplayText: "Open", URL: link},
		{Header: kirim.Header{Video: link}, DisplayText: "Open", URL: link},
	}},
}

var messageDrivers = []driver{
	{
		method: "Messages.Send", operation: "sendMessage",
		full: sends(wamid, contents...),
		minimal: sends("",
			kirim.Text{Body: "a"},
			kirim.Image{Link: link},
			kirim.Video{Link: link},
			kirim.Audio{Link: link},
			kirim.Document{Link: link},
			kirim.Template{Name: "order_update", Language: "id"},
			kirim.ReplyButtons{Body: "a", Buttons: []kirim.ReplyButton{{ID: "1", Title: "a"}}},
			kirim.List{Body: "a", Button: "a", Sections: []kirim.ListSection{{Rows: []kirim.ListRow{{ID: "1", Title: "a"}}}}},
			kirim.CTAURL{Body: "a", DisplayText: "a", URL: link},
			kirim.Carousel{Body: "a", Cards: []kirim.CarouselCard{
				{Header: kirim.Header{Image: link}, DisplayText: "a", URL: link},
				{Header: kirim.Header{Image: link}, DisplayText: "a", URL: link},
			}},
		),
	},
	{
		method: "Messages.SendOrTemplate", operation: "sendMessage",
		full: []act{func(ctx context.Context, c *kirim.Client) (any, error) {
			return on(c).Messages.SendOrTemplate(ctx,
				kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: "a"}, ReplyTo: wamid},
				kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.BodyText("4711")}})
		}},
		minimal: []act{func(ctx context.Context, c *kirim.Client) (any, error) {
			return on(c).Messages.SendOrTemplate(ctx,
				kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: "a"}},
				kirim.Template{Name: "order_update", Language: "id"})
		}},
	},
	twice("Messages.MarkRead", "sendMessage", func(ctx context.Context, c *kirim.Client) (any, error) {
		return on(c).Messages.MarkRead(ctx, wamid)
	}),
	twice("Messages.ShowTyping", "sendMessage", func(ctx context.Context, c *kirim.Client) (any, error) {
		return on(c).Messages.ShowTyping(ctx, wamid)
	}),
}
