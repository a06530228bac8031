package kirim

import "encoding/json"

// OrderDetails is an order or an invoice with a button to pay. The outcome of the
// payment is a [PaymentUpdate]. Meta offers it in India and Brazil; Kirim does not
// document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-br/orders/
type OrderDetails struct {
	// Header is optional; without it the picture of the first product is shown.
	Header Header
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// Payment is what is to be paid, and how.
	Payment PaymentRequest
}

// OrderStatus tells how an order from [OrderDetails] stands. Kirim does not
// document it.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-br/orders/
type OrderStatus struct {
	// Body has 1 to 1024 characters.
	Body string
	// Footer is optional and has at most 60 characters.
	Footer string
	// ReferenceID is that of the [PaymentRequest].
	ReferenceID string
	// Status is one of the Order constants, such as [OrderShipped], or another.
	Status OrderState
	// Description is optional, without a documented limit.
	Description string
}

// OrderState is how an order stands. Meta may have more.
type OrderState string

// States of an order. Pages of Meta's write OrderPartiallyShipped with a hyphen,
// too.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/orderstatustemplate/
const (
	OrderPending          OrderState = "pending"
	OrderProcessing       OrderState = "processing"
	OrderPartiallyShipped OrderState = "partially_shipped"
	OrderShipped          OrderState = "shipped"
	OrderCompleted        OrderState = "completed"
	OrderCanceled         OrderState = "canceled"
)

// PaymentRequest is what is to be paid, in an [OrderDetails] and behind the
// button of a template.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/payment-links/
type PaymentRequest struct {
	// ReferenceID identifies the order: 1 to 35 letters, digits, underscores,
	// hyphens and dots. It is another for each message.
	ReferenceID string `json:"reference_id"`
	// Type is "digital-goods" or "physical-goods".
	Type string `json:"type,omitempty"`
	// Method is where and how it is paid: "br", "upi" and others.
	Method string `json:"payment_type,omitempty"`
	// Configuration names a payment configuration of the account, in India.
	Configuration string `json:"payment_configuration,omitempty"`
	// Settings are the ways to pay, in the order in which they are shown.
	Settings []PaymentSetting `json:"payment_settings,omitzero"`
	// Currency is the ISO 4217 code: "INR" or "BRL".
	Currency string `json:"currency"`
	// Total is the sum of what Order lists.
	Total OrderAmount `json:"total_amount"`
	// Order lists what is paid for. It is optional in Brazil; nil for none.
	Order *Order `json:"order,omitempty"`
}

// OrderAmount is an amount of money: Value divided by Offset. 1250 with the
// offset 100, which Meta requires for INR and BRL, is 12.50.
type OrderAmount struct {
	Value  int64 `json:"value"`
	Offset int64 `json:"offset"`
	// Description is for Tax, Shipping and Discount.
	Description string `json:"description,omitempty"`
	// ProgramName is for Discount.
	ProgramName string `json:"discount_program_name,omitempty"`
}

// Order is what a [PaymentRequest] is for.
type Order struct {
	Status     OrderState       `json:"status"` // OrderPending
	Type       string           `json:"type,omitempty"`
	CatalogID  string           `json:"catalog_id,omitempty"`
	Items      []OrderedItem    `json:"items,omitzero"`
	Subtotal   OrderAmount      `json:"subtotal"`
	Tax        *OrderAmount     `json:"tax,omitempty"`
	Shipping   *OrderAmount     `json:"shipping,omitempty"`
	Discount   *OrderAmount     `json:"discount,omitempty"`
	Expiration *OrderExpiration `json:"expiration,omitempty"`
}

// OrderedItem is one position of an [Order].
type OrderedItem struct {
	RetailerID string       `json:"retailer_id,omitempty"`
	ProductID  string       `json:"product_id,omitempty"`
	Name       string       `json:"name"`
	Amount     OrderAmount  `json:"amount"` // of one piece
	Sale       *OrderAmount `json:"sale_amount,omitempty"`
	Quantity   int          `json:"quantity"`

	// Who imported it from where, which Indian law may ask for.
	CountryOfOrigin string           `json:"country_of_origin,omitempty"`
	ImporterName    string           `json:"importer_name,omitempty"`
	ImporterAddress *ImporterAddress `json:"importer_address,omitempty"`
	Image           *OrderImage      `json:"image,omitempty"`
}

// ImporterAddress is where the importer of an item is.
type ImporterAddress struct {
	AddressLine1 string `json:"address_line1,omitempty"`
	AddressLine2 string `json:"address_line2,omitempty"`
	City         string `json:"city,omitempty"`
	ZoneCode     string `json:"zone_code,omitempty"`
	PostalCode   string `json:"postal_code,omitempty"`
	CountryCode  string `json:"country_code,omitempty"`
}

// OrderImage is the picture of an item.
type OrderImage struct {
	Link string `json:"link,omitempty"`
}

// OrderExpiration is until when an order can be paid.
type OrderExpiration struct {
	Timestamp   string `json:"timestamp"` // Unix seconds
	Description string `json:"description,omitempty"`
}

// PaymentSetting is one way to pay. Type names the field that holds it.
type PaymentSetting struct {
	// Type is "pix_dynamic_code", "payment_link", "boleto", "payment_gateway" or
	// "offsite_card_pay".
	Type           string          `json:"type"`
	PixDynamicCode *PixDynamicCode `json:"pix_dynamic_code,omitempty"`
	PaymentLink    *PaymentLink    `json:"payment_link,omitempty"`
	Boleto         *Boleto         `json:"boleto,omitempty"`
	Gateway        *PaymentGateway `json:"payment_gateway,omitempty"`
	OffsiteCard    *OffsiteCardPay `json:"offsite_card_pay,omitempty"`
}

// PixDynamicCode is a Pix code to copy into an app of a bank.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-br/offsite-pix
type PixDynamicCode struct {
	Code         string `json:"code"`
	MerchantName string `json:"merchant_name,omitempty"`
	Key          string `json:"key,omitempty"`
	KeyType      string `json:"key_type,omitempty"` // "CPF", "CNPJ", "EMAIL", "PHONE" or "EVP"
}

// PaymentLink is a page on which to pay.
type PaymentLink struct {
	URI string `json:"uri"`
}

// Boleto is a Brazilian payment slip.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-br/boleto/
type Boleto struct {
	DigitableLine string `json:"digitable_line"`
}

// PaymentGateway is an Indian payment gateway. The objects are those of the
// gateway itself, one of them.
//
// Docs: https://developers.facebook.com/docs/whatsapp/cloud-api/payments-api/payments-in/pg
type PaymentGateway struct {
	Type          string          `json:"type"` // "razorpay", "payu", "billdesk" or "zaakpay"
	Configuration string          `json:"configuration_name,omitempty"`
	Razorpay      json.RawMessage `json:"razorpay,omitempty"`
	PayU          json.RawMessage `json:"payu,omitempty"`
	BillDesk      json.RawMessage `json:"billdesk,omitempty"`
	Zaakpay       json.RawMessage `json:"zaakpay,omitempty"`
}

// OffsiteCardPay is a card that the business holds.
type OffsiteCardPay struct {
	LastFourDigits string `json:"last_four_digits"`
	CredentialID   string `json:"credential_id,omitempty"` // comes back in the webhook
}

// OrderUpdate is what an order status says, in a template.
type OrderUpdate struct {
	ReferenceID string           `json:"reference_id"`
	Order       OrderUpdateState `json:"order"`
}

// OrderUpdateState is how the order of an [OrderUpdate] stands.
type OrderUpdateState struct {
	Status      OrderState `json:"status"`
	Description string     `json:"description,omitempty"`
}

const (
	kindOrderDetails = "order_details"
	kindOrderStatus  = "order_status"

	actionReviewAndPay = "review_and_pay"
	actionReviewOrder  = "review_order"
)

func (c OrderDetails) kind() string { return "interactive/" + kindOrderDetails }
func (c OrderStatus) kind() string  { return "interactive/" + kindOrderStatus }

func (c OrderDetails) object(dialect) (any, error) {
	return &wireInteractive[wireNamed[PaymentRequest]]{
		Type: kindOrderDetails, Header: c.Header.wire(), Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireNamed[PaymentRequest]{actionReviewAndPay, &c.Payment},
	}, nil
}

func (OrderDetails) typed(w *wireInteractive[wireNamed[PaymentRequest]]) OrderDetails {
	return OrderDetails{
		Header: w.Header.typed(), Body: w.Body.typed(), Footer: w.Footer.typed(), Payment: valueOf(valueOf(w.Action).Parameters),
	}
}

func (c OrderStatus) object(dialect) (any, error) {
	return &wireInteractive[wireNamed[OrderUpdate]]{
		Type: kindOrderStatus, Body: &wireText{c.Body}, Footer: optionalText(c.Footer),
		Action: &wireNamed[OrderUpdate]{actionReviewOrder, &OrderUpdate{c.ReferenceID, OrderUpdateState{c.Status, c.Description}}},
	}, nil
}

func (OrderStatus) typed(w *wireInteractive[wireNamed[OrderUpdate]]) OrderStatus {
	update := valueOf(valueOf(w.Action).Parameters)
	return OrderStatus{
		Body: w.Body.typed(), Footer: w.Footer.typed(), ReferenceID: update.ReferenceID, Status: update.Order.Status,
		Description: update.Order.Description,
	}
}
