/**
 * For every block of every volume, where its content at any moment of the retention window lies in the journal. Derived from
 * the journal and made again from it whenever in doubt. Begin with {@link org.farshore.dataplane.index.VersionIndex}, then
 * read {@link org.farshore.dataplane.index.VersionAppender} for the chain through the past and
 * {@link org.farshore.dataplane.index.IndexLoader} for what is trusted at a start.
 */
package org.farshore.dataplane.index;
