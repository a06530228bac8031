package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"time"

	"github.com/kirim-go/kirim"
)

// on is the number that the drivers use.

func on(c *kirim.Client) *kirim.PhoneNumber { return c.PhoneNumber(number) }

const (
	recipient = "+6281100000001"
	wamid     = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI="
	link      = "https://example.com/file"
)

const (
	conversationID = "cnv" + ulid
	contactID      = "ctc" + ulid
	labelID        = "lbl" + ulid
	customerID     = "cus" + ulid
	linkID         = "csl" + ulid
	messageID      = "msg" + ulid
	subscriptionID = "wbs" + ulid
	secretID       = "sec" + ulid
	deliveryID     = "wbd" + ulid
)

var (
	before   = time.Date(2025, 6, 1, 7, 0, 0, 0, time.FixedZone("WIB", 7*60*60)) // is sent in UTC
	after    = time.Date(2025, 5, 1, 12, 30, 0, 500_000_000, time.UTC)
	metadata = kirim.Metadata{"tier": "gold", "points": 12}
	name     = "Ana"
)

// filled returns params whose fields are all set, except those named: a new
// field needs a value here, and so a place in the contract.
func filled[P any](params P, except ...string) P {
	v := reflect.ValueOf(params)
	for i := range v.NumField() {
		if v.Field(i).IsZero() != slices.Contains(except, v.Type().Field(i).Name) {
			panic(fmt.Sprintf("%T: %s is not set, or need not be excepted", params, v.Type().Field(i).Name))
		}
	}
	return params
}

// listed is what an iterator gave.
type listed []any

func collect[T any](seq iter.Seq2[*T, error]) (any, error) {
	items := listed{}
	for item, err := range seq {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// done is the result of a method that returns nothing.
func done(err error) (any, error) { return nil, err }

type (
	ctx = context.Context
	sdk = *kirim.Client
)

// twice drives a method whose parameters are all required.
func twice(method, operation string, do act) driver {
	return driver{method, operation, []act{do}, []act{do}}
}

// send is a call of Send.
func send(m kirim.OutboundMessage) act {
	return func(ctx ctx, c sdk) (any, error) { return on(c).Messages.Send(ctx, m) }
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
	kirim.Template{Name: "order_ready", Language: "id", Components: []kirim.Component{
		kirim.FillHeaderDocument(link, "invoice.pdf"), kirim.FillBody("Budi", "4711"),
		kirim.ButtonURL(0, "4711"), kirim.ButtonQuickReply(1, "stop"), kirim.ButtonCopyCode(2, "SALE"),
	}},
	kirim.Template{Name: "sale", Language: "en_US", Components: []kirim.Component{
		kirim.FillLimitedTimeOffer(time.Date(2125, 6, 1, 0, 0, 0, 0, time.UTC)),
		kirim.FillCarousel(
			[]kirim.Component{kirim.FillHeaderImage(link), kirim.FillBody("one")},
			[]kirim.Component{kirim.FillHeaderVideo(link), kirim.ButtonQuickReply(0, "two")},
		),
	}},
	kirim.Template{Name: "login_code", Language: "id", Components: kirim.FillOneTimeCode("123456")},
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
		{Header: kirim.Header{Image: link}, Body: "one", QuickReplies: []kirim.ReplyButton{{ID: "y", Title: "Yes"}}},
		{Header: kirim.Header{Image: link}, QuickReplies: []kirim.ReplyButton{{ID: "n", Title: "No"}}},
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
			kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}},
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
		full: []act{func(ctx ctx, c sdk) (any, error) {
			return on(c).Messages.SendOrTemplate(ctx,
				kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: "a"}, ReplyTo: wamid},
				kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("4711")}})
		}},
		minimal: []act{func(ctx ctx, c sdk) (any, error) {
			return on(c).Messages.SendOrTemplate(ctx,
				kirim.OutboundMessage{To: recipient, Content: kirim.Text{Body: "a"}},
				kirim.Template{Name: "order_update", Language: "id", Components: []kirim.Component{kirim.FillBody("A-17")}})
		}},
	},
	twice("Messages.MarkRead", "sendMessage", func(ctx ctx, c sdk) (any, error) {
		return on(c).Messages.MarkRead(ctx, wamid)
	}),
	twice("Messages.ShowTyping", "sendMessage", func(ctx ctx, c sdk) (any, error) {
		return on(c).Messages.ShowTyping(ctx, wamid)
	}),
	lists("Messages.List", "listMessages",
		func(ctx ctx, c sdk, p kirim.MessageListParams) (any, error) { return on(c).Messages.List(ctx, p) }, fullMessageList),
	lists("Messages.All", "listMessages",
		func(ctx ctx, c sdk, p kirim.MessageListParams) (any, error) {
			return collect(on(c).Messages.All(ctx, p))
		}, fullMessageList),
	twice("Messages.Get", "getMessage", func(ctx ctx, c sdk) (any, error) {
		return on(c).Messages.Get(ctx, messageID)
	}),
	{
		method: "Messages.Media", operation: "getMessageMedia",
		full:    []act{media(filled(kirim.MediaParams{MaxBytes: 1000}))},
		minimal: []act{media(kirim.MediaParams{})},
	},
}

var fullMessageList = filled(kirim.MessageListParams{
	ConversationID: conversationID, Direction: kirim.MessageInbound, Status: kirim.MessageFailed,
	CreatedAfter: after, CreatedBefore: before, Limit: 100, Cursor: "start",
})

func media(params kirim.MediaParams) act {
	return func(ctx ctx, c sdk) (any, error) {
		m, err := on(c).Messages.Media(ctx, messageID, params)
		if err != nil {
			return nil, err
		}
		defer m.Close()
		content, err := io.ReadAll(m)
		if err == nil && string(content) != fileContent {
			err = errors.New("the file is another")
		}
		return nil, err
	}
}

// lists drives a method that lists.
func lists[P any](method, operation string, list func(ctx, sdk, P) (any, error), full P) driver {
	var none P
	return driver{
		method: method, operation: operation,
		full:    []act{func(ctx ctx, c sdk) (any, error) { return list(ctx, c, full) }},
		minimal: []act{func(ctx ctx, c sdk) (any, error) { return list(ctx, c, none) }},
	}
}

// takes drives a method with each of the parameters.
func takes[P any](method, operation string, call func(ctx, sdk, P) (any, error), minimal P, full ...P) driver {
	d := driver{
		method: method, operation: operation,
		minimal: []act{func(ctx ctx, c sdk) (any, error) { return call(ctx, c, minimal) }},
	}
	for _, params := range full {
		d.full = append(d.full, func(ctx ctx, c sdk) (any, error) { return call(ctx, c, params) })
	}
	return d
}

var clientDrivers = []driver{
	twice("Client.Me", "getMe", func(ctx ctx, c sdk) (any, error) { return c.Me(ctx) }),
	twice("Client.Health", "getHealth", func(ctx ctx, c sdk) (any, error) { return done(c.Health(ctx)) }),
	twice("Client.OpenAPI", "getOpenAPI", func(ctx ctx, c sdk) (any, error) {
		document, err := c.OpenAPI(ctx)
		if err == nil && (len(document) == 0 || document[0] != '{') {
			err = errors.New("no document")
		}
		return nil, err
	}),
	lists("Accounts.List", "listAccounts",
		func(ctx ctx, c sdk, p kirim.AccountListParams) (any, error) { return c.Accounts.List(ctx, p) }, fullAccountList),
	lists("Accounts.All", "listAccounts",
		func(ctx ctx, c sdk, p kirim.AccountListParams) (any, error) { return collect(c.Accounts.All(ctx, p)) }, fullAccountList),
}

// The contract knows no cursor here, as the list has one page.
var fullAccountList = filled(kirim.AccountListParams{Status: "all"})
