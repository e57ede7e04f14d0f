/**
 * A hop: how messages come from one process to the next, and whether they are what they ought to be.
 *
 * <p>{@link org.farshore.dataplane.ship.Links} is the seam to the network, with Aeron behind it in
 * {@link org.farshore.dataplane.ship.AeronLinks}, where it is told how a connection comes about and ends. The other half
 * checks: {@link org.farshore.dataplane.ship.HelloMessage} what anybody may send,
 * {@link org.farshore.dataplane.ship.RecordMessage} and {@link org.farshore.dataplane.ship.StreamMessageChecker} what a
 * stream carries.
 */
package org.farshore.dataplane.ship;
