/** What is known of a protected machine's volumes; imports no stage. */
package org.farshore.dataplane.volume;
