/**
 * A world so small that everything that can go wrong in it is tried, one thing after the other and two at a time; and the
 * same world in bad weather, where everything goes wrong by chance, from a seed.
 */
package org.farshore.tests.simulation.small;
