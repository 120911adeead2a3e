"""The pieces pages are made of: values that know how to draw themselves, escaped."""

from identities.admin.parts.blocks import (
    Block as Block,
    Empty as Empty,
    Entry as Entry,
    Fact as Fact,
    Facts as Facts,
    Notice as Notice,
    Progress as Progress,
    Source as Source,
    Table as Table,
    Timeline as Timeline,
)
from identities.admin.parts.charts import (
    Columns as Columns,
    Figure as Figure,
    Meters as Meters,
    Share as Share,
    bars as bars,
)
from identities.admin.parts.graphs import (
    Arrow as Arrow,
    Box as Box,
    Graph as Graph,
    ranks_of as ranks_of,
)
from identities.admin.parts.inline import (
    Badge as Badge,
    Code as Code,
    Lines as Lines,
    Link as Link,
    Moment as Moment,
    Quiet as Quiet,
)
from identities.admin.parts.steps import (
    Step as Step,
    Steps as Steps,
)
from identities.admin.parts.strips import (
    Cell as Cell,
    Live as Live,
    Strip as Strip,
)
