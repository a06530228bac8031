package cloudapi

import (
	"context"

	"github.com/kirim-go/kirim"
)

// AutomationService reads and sets what WhatsApp offers in the chat with a number.
type AutomationService struct{ number *PhoneNumber }

// Automation returns the service for what WhatsApp offers in the chat.
func (p *PhoneNumber) Automation() *AutomationService { return &AutomationService{p} }

// Automation is what WhatsApp offers a customer in the chat with a number, without
// a message of the business's.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/conversational-components
type Automation struct {
	// WelcomeMessage has Meta send a webhook, of the type request_welcome, when a
	// customer opens the chat for the first time.
	WelcomeMessage bool `json:"enable_welcome_message"`
	// Prompts are ice breakers: texts that a customer sends with a tap, at most 4 of
	// 80 characters each by the guide, and 3 by the description of the API.
	Prompts []string `json:"prompts"`
	// Commands are what a customer can choose after a slash, at most 30.
	Commands []Command `json:"commands"`
}

// Command is one of them. WhatsApp sends its name, with what the customer adds, as
// a text message.
type Command struct {
	Name        string `json:"command_name"`        // without the slash; at most 32 characters
	Description string `json:"command_description"` // at most 256 characters
}

// Get reads what is set for the number.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/conversational-components
func (s *AutomationService) Get(ctx context.Context, opts ...kirim.RequestOption) (*Automation, error) {
	info, err := s.number.Get(ctx, PhoneNumberGetParams{Fields: []string{"conversational_automation"}}, opts...)
	if err != nil {
		return nil, err
	}
	if info.Automation == nil { // Meta leaves out what was never set
		return &Automation{}, nil
	}
	return info.Automation, nil
}

// Set replaces all that is set for the number; the zero Automation turns
// everything off. It is retried like a PUT.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/conversational-components
func (s *AutomationService) Set(ctx context.Context, automation Automation, opts ...kirim.RequestOption) error {
	// Meta's examples have empty lists, not null.
	if automation.Prompts == nil {
		automation.Prompts = []string{}
	}
	if automation.Commands == nil {
		automation.Commands = []Command{}
	}
	return set(ctx, s.number.client, s.number.path("conversational_automation"), automation, opts)
}
