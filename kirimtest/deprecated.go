package kirimtest

// DeliveryPlan is [StatusPlan].
//
// Deprecated: use StatusPlan.
type DeliveryPlan = StatusPlan

// WithDeliveryPlan is [WithStatusPlan].
//
// Deprecated: use WithStatusPlan.
func WithDeliveryPlan(plan StatusPlan) Option { return WithStatusPlan(plan) }

// DeliverAs is [Server.SetStatusPlan].
//
// Deprecated: use SetStatusPlan.
func (s *Server) DeliverAs(plan StatusPlan) { s.SetStatusPlan(plan) }

// Fault is [Server.AddFault].
//
// Deprecated: use AddFault.
func (s *Server) Fault(f Fault) { s.AddFault(f) }
