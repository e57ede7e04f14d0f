/**
 * The process server: takes what agents send, optimises it and passes it on. It keeps no state of any stream, so that its
 * loss loses nothing; {@link org.farshore.dataplane.processserver.RelayAgent} says why it is one duty cycle.
 */
package org.farshore.dataplane.processserver;
