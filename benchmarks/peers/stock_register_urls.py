"""Our own routes, and the stock admin of the register beside them."""

from django.urls import path

from benchmarks.peers.stock_register import fifty, site
from config.urls import urlpatterns as ours

urlpatterns = [path("stock/", site.urls), path("stock50/", fifty.urls), *ours]
