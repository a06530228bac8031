package cloudapi

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"

	"github.com/kirim-go/kirim"
)

// AnalyticsService reads what an account has sent, and what it cost. The figures are
// approximate, and may differ from an invoice.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
type AnalyticsService struct {
	client  *Client
	account string
}

// Analytics returns the service for the analytics of the account.
func (a *Account) Analytics() *AnalyticsService { return &AnalyticsService{a.client, a.id} }

// Granularity is for how long a data point counts.
type Granularity string

// The granularities. Messages take the first three; conversations and pricing
// HALF_HOUR, DAILY and MONTHLY; templates DAILY alone.
const (
	GranularityHalfHour Granularity = "HALF_HOUR"
	GranularityDay      Granularity = "DAY"
	GranularityMonth    Granularity = "MONTH"
	GranularityDaily    Granularity = "DAILY"
	GranularityMonthly  Granularity = "MONTHLY"
)

// MessageAnalyticsParams select messages. Start, End and Granularity are required.
type MessageAnalyticsParams struct {
	Start, End   time.Time // at most a year back
	Granularity  Granularity
	PhoneNumbers []string // digits; empty for all of the account
	ProductTypes []int    // 0 templates, 2 other messages, 100 received ones; empty for all
	CountryCodes []string // such as ID; empty for all
}

// MessageAnalytics are counts of messages.
type MessageAnalytics struct {
	PhoneNumbers []string      `json:"phone_numbers"`
	CountryCodes []string      `json:"country_codes"`
	Granularity  Granularity   `json:"granularity"`
	Points       []MessageData `json:"data_points"`
}

// MessageData counts the messages of a time.
type MessageData struct {
	Start     Time  `json:"start"`
	End       Time  `json:"end"`
	Sent      int64 `json:"sent"`
	Delivered int64 `json:"delivered"`
}

// GetMessages counts messages. Where there was none, the result is empty.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
func (s *AnalyticsService) GetMessages(ctx context.Context, params MessageAnalyticsParams, opts ...kirim.RequestOption) (*MessageAnalytics, error) {
	field := newFilters("analytics", params.Start, params.End, params.Granularity)
	field.strings("phone_numbers", params.PhoneNumbers)
	if len(params.ProductTypes) > 0 {
		field.add("product_types", params.ProductTypes)
	}
	field.strings("country_codes", params.CountryCodes)
	answer, err := get[struct {
		Analytics MessageAnalytics `json:"analytics"`
	}](ctx, s.client, pathTo(s.account), field.query(), opts, "analytics", "id")
	if err != nil {
		return nil, err
	}
	return &answer.Analytics, nil
}

// ConversationAnalyticsParams select conversations, as they were priced before July
// 2025. Start, End and Granularity are required; an empty list stands for all.
type ConversationAnalyticsParams struct {
	Start, End   time.Time
	Granularity  Granularity
	PhoneNumbers []string
	MetricTypes  []string // COST, CONVERSATION
	Categories   []string // AUTHENTICATION, MARKETING, SERVICE, UTILITY
	Types        []string // FREE_ENTRY, FREE_TIER, REGULAR
	Directions   []string // BUSINESS_INITIATED, USER_INITIATED, UNKNOWN
	// Dimensions break the numbers down: CONVERSATION_CATEGORY,
	// CONVERSATION_DIRECTION, CONVERSATION_TYPE, COUNTRY, PHONE; empty for none.
	Dimensions []string
}

// ConversationData counts the conversations of a time. What the dimensions do not
// tell apart is empty.
type ConversationData struct {
	Start         Time    `json:"start"`
	End           Time    `json:"end"`
	Conversations int64   `json:"conversation"`
	PhoneNumber   string  `json:"phone_number"`
	Country       string  `json:"country"`
	Type          string  `json:"conversation_type"`
	Direction     string  `json:"conversation_direction"`
	Category      string  `json:"conversation_category"`
	Cost          float64 `json:"cost"` // in the currency of the account; 0 where Meta does not tell it
}

// GetConversations counts conversations. Where there was none, there is no data.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
func (s *AnalyticsService) GetConversations(ctx context.Context, params ConversationAnalyticsParams, opts ...kirim.RequestOption) ([]ConversationData, error) {
	field := newFilters("conversation_analytics", params.Start, params.End, params.Granularity)
	field.strings("phone_numbers", params.PhoneNumbers)
	field.strings("metric_types", params.MetricTypes)
	field.strings("conversation_categories", params.Categories)
	field.strings("conversation_types", params.Types)
	field.strings("conversation_directions", params.Directions)
	field.strings("dimensions", params.Dimensions)
	answer, err := get[struct {
		Analytics dataPoints[ConversationData] `json:"conversation_analytics"`
	}](ctx, s.client, pathTo(s.account), field.query(), opts, "conversation_analytics", "id")
	if err != nil {
		return nil, err
	}
	return answer.Analytics.all(), nil
}

// PricingAnalyticsParams select messages by how they are priced since July 2025.
// Start, End and Granularity are required; an empty list stands for all.
type PricingAnalyticsParams struct {
	Start, End        time.Time
	Granularity       Granularity
	PhoneNumbers      []string
	CountryCodes      []string
	MetricTypes       []string // COST, VOLUME
	PricingTypes      []string // FREE_CUSTOMER_SERVICE, FREE_ENTRY_POINT, REGULAR
	PricingCategories []string // AUTHENTICATION, MARKETING, MARKETING_LITE, SERVICE, UTILITY …
	Dimensions        []string // COUNTRY, PHONE, PRICING_CATEGORY, PRICING_TYPE, TIER; empty for none
}

// PricingData is what the messages of a time cost. What the dimensions do not tell
// apart is empty.
type PricingData struct {
	Start       Time    `json:"start"`
	End         Time    `json:"end"`
	PhoneNumber string  `json:"phone_number"`
	Country     string  `json:"country"`
	Tier        string  `json:"tier"` // such as "0:MAX"
	Type        string  `json:"pricing_type"`
	Category    string  `json:"pricing_category"`
	Volume      int64   `json:"volume"` // messages
	Cost        float64 `json:"cost"`   // in the currency of the account; 0 where Meta does not tell it
}

// GetPricing tells what messages cost. Where there was none, there is no data.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
func (s *AnalyticsService) GetPricing(ctx context.Context, params PricingAnalyticsParams, opts ...kirim.RequestOption) ([]PricingData, error) {
	field := newFilters("pricing_analytics", params.Start, params.End, params.Granularity)
	field.strings("phone_numbers", params.PhoneNumbers)
	field.strings("country_codes", params.CountryCodes)
	field.strings("metric_types", params.MetricTypes)
	field.strings("pricing_types", params.PricingTypes)
	field.strings("pricing_categories", params.PricingCategories)
	field.strings("dimensions", params.Dimensions)
	answer, err := get[struct {
		Analytics dataPoints[PricingData] `json:"pricing_analytics"`
	}](ctx, s.client, pathTo(s.account), field.query(), opts, "pricing_analytics", "id")
	if err != nil {
		return nil, err
	}
	return answer.Analytics.all(), nil
}

// dataPoints are what some analytics have in two lists.
type dataPoints[T any] struct {
	Data []struct {
		Points []T `json:"data_points"`
	} `json:"data"`
}

func (d dataPoints[T]) all() (points []T) {
	for _, group := range d.Data {
		points = append(points, group.Points...)
	}
	return points
}

// TemplateAnalyticsParams select templates. All but MetricTypes are required.
type TemplateAnalyticsParams struct {
	Start, End  time.Time // at most 90 days back; Meta takes the day of each, in UTC
	TemplateIDs []string  // at most 10
	MetricTypes []string  // SENT, DELIVERED, READ, CLICKED, COST; empty for all
	Cursor      string    // of a [kirim.Page] with the same parameters
}

// TemplateData is what became of a template on a day. Reads and clicks are counted
// for 7 days after a message.
type TemplateData struct {
	TemplateID string          `json:"template_id"`
	Start      Time            `json:"start"`
	End        Time            `json:"end"`
	Sent       int64           `json:"sent"`
	Delivered  int64           `json:"delivered"`
	Read       int64           `json:"read"`
	Clicked    []TemplateClick `json:"clicked"`
	Cost       []TemplateCost  `json:"cost"`
}

// TemplateClick counts the clicks on a button.
type TemplateClick struct {
	Type   string `json:"type"`           // url_button, unique_url_button, quick_reply_button
	Button string `json:"button_content"` // its text
	Count  int64  `json:"count"`
}

// TemplateCost is a price, in the currency of the account.
type TemplateCost struct {
	Type  string  `json:"type"` // amount_spent, cost_per_delivered, cost_per_url_button_click
	Value float64 `json:"value"`
}

// TemplateAnalytics are the numbers of some templates.
type TemplateAnalytics struct {
	Granularity Granularity    `json:"granularity"`
	ProductType string         `json:"product_type"` // such as cloud_api
	Points      []TemplateData `json:"data_points"`
}

// ListTemplates returns one page of what became of templates. The account must have
// confirmed template analytics once; Meta says 200007 otherwise.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
func (s *AnalyticsService) ListTemplates(ctx context.Context, params TemplateAnalyticsParams, opts ...kirim.RequestOption) (*kirim.Page[TemplateAnalytics], error) {
	return list[TemplateAnalytics](ctx, s.client, pathTo(s.account, "template_analytics"), params.query(), opts)
}

// AllTemplates iterates over what became of templates, from params.Cursor on, one
// page in memory. An error is a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/analytics
func (s *AnalyticsService) AllTemplates(ctx context.Context, params TemplateAnalyticsParams, opts ...kirim.RequestOption) iter.Seq2[*TemplateAnalytics, error] {
	return all[TemplateAnalytics](ctx, s.client, pathTo(s.account, "template_analytics"), params.query(), opts)
}

// templateQuery is [TemplateAnalyticsParams] as Meta's page shows it.
type templateQuery struct {
	Start       int64       `url:"start"`
	End         int64       `url:"end"`
	Granularity Granularity `url:"granularity"`
	TemplateIDs string      `url:"template_ids"` // [1,2]
	MetricTypes []string    `url:"metric_types,comma,omitempty"`
	Cursor      string      `url:"after,omitempty"`
}

func (p TemplateAnalyticsParams) query() templateQuery {
	return templateQuery{
		p.Start.Unix(), p.End.Unix(), GranularityDaily, "[" + strings.Join(p.TemplateIDs, ",") + "]", p.MetricTypes, p.Cursor,
	}
}

// filters is a field with filters: analytics.start(1).end(2)….
type filters struct{ strings.Builder }

func newFilters(name string, start, end time.Time, granularity Granularity) *filters {
	f := &filters{}
	f.WriteString(name)
	f.add("start", start.Unix())
	f.add("end", end.Unix())
	f.WriteString(".granularity(" + string(granularity) + ")")
	return f
}

// add adds a filter of any value but text.
func (f *filters) add(name string, value any) {
	encoded, _ := json.Marshal(value) // numbers, and lists of numbers and texts
	f.WriteString("." + name + "(" + string(encoded) + ")")
}

func (f *filters) strings(name string, values []string) {
	if len(values) > 0 {
		f.add(name, values)
	}
}

// query is the filters as a query.
func (f *filters) query() any {
	return struct {
		Fields string `url:"fields"`
	}{f.String()}
}
