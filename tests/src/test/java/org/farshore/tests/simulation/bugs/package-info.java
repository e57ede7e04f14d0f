/** Bugs planted one at a time in a copy of the product, to prove that the simulation finds what it is there for. */
package org.farshore.tests.simulation.bugs;
